import assert from 'node:assert/strict';
import { test } from 'node:test';

import { effectiveFormat, matchesFormat } from './string-formats.ts';

test('formats are checked as upstream checks them', () => {
  const rows: [format: string, yes: string[], no: string[]][] = [
    ['bsonobjectid', ['507f1f77bcf86cd799439011'], ['507f1f77bcf86cd79943901', 'x07f1f77bcf86cd799439011']],
    ['uri', ['http://a.b/#c', '/abs', 'mailto:a@b', 'xyz://a', '*', 'http://a:8080/%20'], ['', 'a.b', './rel', ':x']],
    ['uri', ['http://[::1]:80/', 'http://user:p@a/', 'http://ä.de/'], ['http://a b/', 'http://a:x/', '/%zz']],
    ['email', ['a@b', 'Barry <a@b.c>', '"x y"@b', 'a@[10.0.0.1]', 'ä@b'], ['a', '@b', 'a@', 'a b@c', 'a@b@c']],
    ['hostname', ['a', 'a.bc', '1a.example.com', 'ä.example'], ['a.b', '-a', 'a_b', '', 'a..bc']],
    ['ipv4', ['10.0.0.1', '010.0.0.1'], ['10.0.0', '::1', '256.0.0.1', '']],
    ['ipv6', ['::1', 'fe80::1', '::ffff:10.0.0.1'], ['10.0.0.1', '::g', 'fe80::1%eth0']],
    ['cidr', ['10.0.0.0/8', '::/0', '10.0.0.1/32'], ['10.0.0.0', '10.0.0.0/33', 'a/8']],
    ['mac', ['00:00:5e:00:53:01', '00-00-5e-00-53-01', '0000.5e00.5301'], ['00:00', '00:00:5e:00:53:0g', '']],
    ['uuid', ['6ba7b810-9dad-11d1-80b4-00c04fd430c8', '6BA7B8109DAD11D180B400C04FD430C8'], ['6ba7b810', '']],
    ['uuid3', ['6ba7b810-9dad-31d1-80b4-00c04fd430c8'], ['6ba7b810-9dad-11d1-80b4-00c04fd430c8']],
    ['uuid4', ['6ba7b810-9dad-41d1-80b4-00c04fd430c8'], ['6ba7b810-9dad-41d1-70b4-00c04fd430c8']],
    ['uuid5', ['6ba7b810-9dad-51d1-80b4-00c04fd430c8'], ['6ba7b810-9dad-41d1-80b4-00c04fd430c8']],
    ['isbn', ['0321751043', '978-0321751041'], ['0321751042', 'x']],
    ['isbn10', ['3 401 01319 X'], ['978-0321751041']],
    ['isbn13', ['978 3401013190'], ['0321751043']],
    ['creditcard', ['4220 8554 2622 2389', '374953669708156'], ['4220855426213389', '']],
    ['ssn', ['111-11-1111'], ['111111111', '111 11 111']],
    ['hexcolor', ['#fff', 'CCccCC'], ['#ff', '#ff12FG']],
    ['rgbcolor', ['rgb(0,  31, 255)'], ['rgb(01,31,255)', 'rgb(1,349,275)']],
    ['byte', ['aGVsbG8=', 'YQ=='], ['', 'aGVsbG8', 'a b=']],
    ['password', ['', 'x'], []],
    ['date', ['2024-02-29'], ['2023-02-29', '2024-2-1', '2024-13-01', '']],
    [
      'date-time',
      ['2014-12-15T19:30:20.000Z', '2014-12-15t19:30:20+01:00'],
      ['2014-12-15', '2014-12-15T24:30:20Z', 'x'],
    ],
    ['datetime', ['2014-12-15T19:30:20Z'], ['2014-12-15T19:30Z']],
    ['duration', ['1h', '3 days', '22 ns', '5 micros', '0', 'in 2 weeks'], ['', 'x', '3 moons', '3']],
    ['k8s-short-name', ['a-1'], ['A', 'a.b', '-a', 'a'.repeat(64)]],
    ['k8s-long-name', ['a.b'], ['a..b', 'A.b']],
    ['made-up', ['anything'], []],
  ];
  for (const [format, yes, no] of rows) {
    for (const text of yes) assert.equal(matchesFormat(format, text), true, `${format}: ${text}`);
    for (const text of no) assert.equal(matchesFormat(format, text), false, `not ${format}: ${text}`);
  }
});

test('a format counts only for values of its type', () => {
  const rows: [type: string | undefined, format: string | undefined, expected: string | undefined][] = [
    ['string', 'date-time', 'date-time'],
    [undefined, 'ipv4', 'ipv4'],
    ['string', 'made-up', undefined],
    ['string', '', undefined],
    ['integer', 'int32', 'int32'],
    ['integer', 'date', undefined],
    ['number', 'float', 'float'],
    ['number', 'int32', undefined],
    ['object', 'date', undefined],
    ['array', 'byte', undefined],
    ['string', undefined, undefined],
  ];
  for (const [type, format, expected] of rows)
    assert.equal(effectiveFormat(type, format), expected, `${type} ${format}`);
});
