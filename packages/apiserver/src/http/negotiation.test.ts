import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { negotiate, parseMediaType, routeAccepts, wantsPretty, type TransformCheck } from './negotiation.ts';
import { parseTarget } from './target.ts';
import { warningHeaders } from './warning-header.ts';

const tables: TransformCheck = ({ kind, version, group }) =>
  kind === 'Table' && version === 'v1' && group === 'meta.k8s.io';
const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io';

describe('negotiation', () => {
  const rows: readonly [string | undefined, string][] = [
    [undefined, 'json'],
    ['', 'json'],
    ['*/*', 'json'],
    ['application/*', 'json'],
    ['application/yaml', 'yaml'],
    ['application/json;q=0.1,application/yaml', 'yaml'],
    ['application/yaml;q=0.1,application/json', 'json'],
    ['application/vnd.kubernetes.protobuf,application/json', 'protobuf'],
    ['text/html,*/*;q=0.8', 'json'],
    ['text/html', 'none'],
    [TABLE, 'json Table'],
    [`${TABLE},application/json`, 'json Table'],
    ['application/json;as=Bogus;v=v1;g=meta.k8s.io,application/json', 'json'],
    ['application/json;as=Bogus;v=v1;g=meta.k8s.io', 'none'],
    [';', 'none'],
    ['application/json;as=;v=;g=', 'json'],
    ['application/json;as=Table=x;v=v1;g=meta.k8s.io', 'none'],
    ['application/json;q=x,application/yaml;q=0.1', 'yaml'],
    ['*/*,application/yaml;q=0.1', 'yaml'],
    ['a/b/c,application/json', 'json'],
  ];
  for (const [accept, expected] of rows) {
    it(`answers ${accept} with ${expected}`, () => {
      const accepted = negotiate(accept, tables);
      const type = accepted?.mediaType.replace('application/', '').replace('vnd.kubernetes.', '') ?? 'none';
      assert.equal(accepted?.as ? `${type} ${accepted.as.kind}` : type, expected);
    });
  }

  it('passes over what objects cannot be written as, but for transformed ones', () => {
    const text = (type: string): boolean => !type.includes('protobuf');
    const accepted = (accept: string): string | undefined => negotiate(accept, tables, false, text)?.mediaType;
    assert.equal(accepted('application/vnd.kubernetes.protobuf'), undefined);
    assert.equal(accepted('application/vnd.kubernetes.protobuf,application/json'), 'application/json');
    const transformed = 'application/vnd.kubernetes.protobuf;as=Table;v=v1;g=meta.k8s.io';
    assert.equal(accepted(transformed), 'application/vnd.kubernetes.protobuf');
  });

  it('has no YAML for watches, whatever else would do', () => {
    assert.equal(negotiate('application/yaml', tables, true), undefined);
    assert.equal(negotiate('application/yaml,application/json', tables, true), undefined);
  });

  const types: readonly [string, string | undefined][] = [
    ['', ''],
    ['application/JSON; charset="utf-8"', 'application/json'],
    ['application/json;', 'application/json'],
    ['application/json;;', undefined],
    ['application/json; x', undefined],
    ['application/json;a=b;A=c', undefined],
    ['application/json,application/yaml', undefined],
    ['application /json', undefined],
    ['application', 'application'],
  ];
  for (const [header, expected] of types) {
    it(`reads ${header} as ${expected}`, () => assert.equal(parseMediaType(header), expected));
  }

  const routes: readonly [string | undefined, boolean][] = [
    [undefined, true],
    ['application/json,', true],
    ['application/*', false],
    ['bogus', false],
    ['text/html,*/*;q=0.8', true],
  ];
  for (const [accept, expected] of routes) {
    it(`${expected ? 'routes' : 'does not route'} ${accept}`, () => assert.equal(routeAccepts(accept), expected));
  }

  it('indents for tools that people use', () => {
    assert.equal(wantsPretty(new URLSearchParams(), 'curl/8.0'), true);
    assert.equal(wantsPretty(new URLSearchParams('pretty=false'), 'curl/8.0'), false);
    assert.equal(wantsPretty(new URLSearchParams('pretty=true'), undefined), true);
  });
});

describe('request target', () => {
  const rows: readonly [string, string, string][] = [
    ['/api/v1/pods', '/api/v1/pods', ''],
    ['/api/v1/pods?limit=5&x=a%20b', '/api/v1/pods', 'limit=5&x=a+b'],
    ['/api/v1/nodes/a%20b', '/api/v1/nodes/a b', ''],
    ['/api/%zz', '/api/%zz', ''],
    ['/?', '/', ''],
  ];
  for (const [target, path, query] of rows) {
    it(target, () => {
      const parsed = parseTarget(target);
      assert.deepEqual([parsed.path, parsed.query.toString()], [path, query]);
    });
  }
});

describe('warning headers', () => {
  const rows: readonly [string, string][] = [
    ['plain', '299 - "plain"'],
    ['a "quoted" \\ text', '299 - "a \\"quoted\\" \\\\ text"'],
    ['two  spaces', '299 - "two  spaces"'],
    ['snow \u2603', '299 - "snow \xe2\x98\x83"'],
  ];
  for (const [text, header] of rows) it(JSON.stringify(text), () => assert.deepEqual(warningHeaders([text]), [header]));

  it('drops texts with control characters', () => assert.deepEqual(warningHeaders(['two\nlines', '', 'a\u007f']), []));

  it('says the same thing once', () => assert.equal(warningHeaders(['a', 'a', 'b']).length, 2));

  it('keeps within what clients take', () => {
    const headers = warningHeaders(Array.from({ length: 100 }, (_, i) => `${i} ${'x'.repeat(500)}`));
    assert.ok(headers.join('').length < 5 * 1024);
  });
});
