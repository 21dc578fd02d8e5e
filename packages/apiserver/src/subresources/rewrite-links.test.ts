import assert from 'node:assert/strict';
import { test } from 'node:test';

import { rewriteHtml, rewriteLink, type ProxyPlace } from './rewrite-links.ts';

const place: ProxyPlace = { prefix: '/p/proxy', backendHost: '10.0.0.1:80', requestHost: 'localhost:8001' };

test('links to the page’s own host lead through the proxy', () => {
  const rows: [string, string][] = [
    ['/a', '/p/proxy/a'],
    ['/a/', '/p/proxy/a/'],
    ['/', '/p/proxy/'],
    ['/a?b=/c#d', '/p/proxy/a?b=/c#d'],
    ['/p/proxy/a', '/p/proxy/a'],
    ['a', 'a'],
    ['../a', '../a'],
    ['#top', '#top'],
    ['', ''],
    ['mailto:a@b', 'mailto:a@b'],
    ['http://10.0.0.1:80/a', '/p/proxy/a'],
    ['//10.0.0.1:80/a', '/p/proxy/a'],
    ['https://localhost:8001/a', 'https://localhost:8001/p/proxy/a'],
    ['http://example.com/a', 'http://example.com/a'],
    ['http://10.0.0.1/a', 'http://10.0.0.1/a'],
  ];
  for (const [link, expected] of rows) assert.equal(rewriteLink(link, place), expected, link);
});

test('only attributes that are links are rewritten', () => {
  const rows: [string, string][] = [
    ['<a href="/x">/x</a>', '<a href="/p/proxy/x">/x</a>'],
    ["<A HREF='/x'>", '<A HREF="/p/proxy/x">'],
    ['<a href=/x>', '<a href="/p/proxy/x">'],
    ['<a href = "/x"  title="/x"/>', '<a href = "/p/proxy/x"  title="/x"/>'],
    ['<a href="/x?a=1&amp;b=2">', '<a href="/p/proxy/x?a=1&amp;b=2">'],
    ['<a href="x">', '<a href="x">'],
    ['<a title="a > b" href="/x">', '<a title="a > b" href="/p/proxy/x">'],
    ['<img src="/a" longdesc="/b" alt="/c">', '<img src="/p/proxy/a" longdesc="/p/proxy/b" alt="/c">'],
    [
      '<script src="/a">s = "<a href=\\"/x\\">"</script><a href="/y">',
      '<script src="/p/proxy/a">s = "<a href=\\"/x\\">"</script><a href="/p/proxy/y">',
    ],
    [
      '<!-- <a href="/x"> --><!DOCTYPE html><a href="/y">',
      '<!-- <a href="/x"> --><!DOCTYPE html><a href="/p/proxy/y">',
    ],
    ['<p href="/x">1 < 2 </p>', '<p href="/x">1 < 2 </p>'],
    ['<a href="/x"', '<a href="/x"'],
  ];
  for (const [html, expected] of rows) assert.equal(rewriteHtml(html, place), expected, html);
});

test('no page takes long', () => {
  const pieces = ['<a ', '<a b=c/d', '<a b="', '<!', '<!--', '<a b=\'" ', '<script>', 'a="/x" ', '</'];
  for (const piece of pieces) {
    const page = piece.repeat(100_000);
    const start = process.cpuUsage();
    rewriteHtml(page, place);
    assert.ok(process.cpuUsage(start).user < 1_000_000, piece);
  }
});
