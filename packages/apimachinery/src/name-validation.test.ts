import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import * as names from './name-validation.ts';

type Check = (text: string) => readonly string[];

const good: [check: Check, texts: readonly string[]][] = [
  [names.isDNS1123Label, ['a', '0', 'a-1', 'a--b', 'a'.repeat(63)]],
  [names.isDNS1123Subdomain, ['a', 'a.b', '1.2.3', 'a'.repeat(253)]],
  [names.isDNS1123SubdomainCaseless, ['A.b']],
  [names.isDNS1123SubdomainWithUnderscore, ['_a._b', 'a_b']],
  [names.isDNS1035Label, ['a', 'a-1']],
  [names.isWildcardDNS1123Subdomain, ['*.example.com']],
  [names.isQualifiedName, ['a', 'A_b.c', 'example.com/A', `${'a'.repeat(253)}/${'b'.repeat(63)}`]],
  [names.isLabelValue, ['', 'a', 'A_b.c', '1']],
  [names.isCIdentifier, ['_', 'aB_1']],
  [names.isPortName, ['http', 'p2', '1-a']],
  [names.isPercent, ['0%', '150%']],
  [names.isHttpHeaderName, ['X-Header']],
  [names.isEnvVarName, ['A', '_.-1']],
  [names.isRelaxedEnvVarName, ['1 A!', '-']],
  [names.isConfigMapKey, ['a.b', '-', '_', 'A']],
  [names.isDecimalInteger, ['0', '-1', '120']],
  [names.isPathSegmentName, ['a.b', ':']],
];

const bad: [check: Check, text: string, messages: readonly (string | RegExp)[]][] = [
  [names.isDNS1123Label, 'a.b', ['must not contain dots']],
  [
    names.isDNS1123Label,
    '',
    [/^a lowercase RFC 1123 label must consist of .* \(e\.g\. 'my-name',  or '123-abc', regex/],
  ],
  [names.isDNS1123Label, 'a'.repeat(64), ['must be no more than 63 characters']],
  [names.isDNS1123Subdomain, 'A'.repeat(254), ['must be no more than 253 characters', /RFC 1123 subdomain must/]],
  [names.isDNS1123Subdomain, 'a\n', [/^a lowercase RFC 1123 subdomain/]],
  [names.isDNS1035Label, '1a', [/^a DNS-1035 label must consist of/]],
  [names.isWildcardDNS1123Subdomain, 'a.*', [/^a wildcard DNS-1123 subdomain must start with/]],
  [names.isQualifiedName, '/a', ['prefix part must be non-empty']],
  [names.isQualifiedName, 'A/b', [/^prefix part a lowercase RFC 1123 subdomain/]],
  [names.isQualifiedName, '', ['name part must be non-empty', /^name part must consist of/]],
  [names.isQualifiedName, 'a'.repeat(64), ['name part must be no more than 63 bytes']],
  [names.isQualifiedName, 'a/b/c', [/^a valid label key must consist of .*\(e\.g\. 'example\.com\/MyName'\)$/]],
  [names.isLabelValue, 'é'.repeat(32), ['must be no more than 63 bytes', /^a valid label must be an empty string or/]],
  [names.isCIdentifier, '1', [/^a valid C identifier must start/]],
  [
    names.isPortName,
    '-1--',
    [
      'must contain at least one letter (a-z)',
      'must not contain consecutive hyphens',
      'must not begin or end with a hyphen',
    ],
  ],
  [names.isPortName, 'a'.repeat(16), ['must be no more than 15 characters']],
  [names.isPercent, '5', [/^a valid percent string must be/]],
  [names.isHttpHeaderName, 'a b', [/^a valid HTTP header must consist/]],
  [names.isEnvVarName, '..a', ["must not start with '..'"]],
  [names.isRelaxedEnvVarName, 'a=b', [/^a valid environment variable name must consist only of printable/]],
  [names.isRelaxedEnvVarName, '', ['environment variable name must be non-empty']],
  [names.isConfigMapKey, '..', ["must not be '..'"]],
  [names.isConfigMapKey, 'a/b', [/^a valid config key must consist/]],
  [names.isDecimalInteger, '01', ['must be a valid decimal integer in canonical form']],
  [names.isPathSegmentName, '..', ["may not be '..'"]],
  [names.isPathSegmentName, 'a/%', ["may not contain '/'", "may not contain '%'"]],
];

describe('name formats', () => {
  for (const [check, texts] of good) {
    test(`${check.name} accepts ${texts.length} texts`, () => {
      for (const text of texts) assert.deepEqual(check(text), [], text);
    });
  }

  for (const [check, text, messages] of bad) {
    test(`${check.name} refuses '${text.slice(0, 20)}'`, () => {
      const found = check(text);
      assert.equal(found.length, messages.length, found.join('\n'));
      for (const [index, message] of messages.entries()) {
        if (typeof message === 'string') assert.equal(found[index], message);
        else assert.match(found[index]!, message);
      }
    });
  }

  test('a prefix of generated names may end with a dash', () => {
    assert.deepEqual(names.nameIsDNSSubdomain('web-', true), []);
    assert.equal(names.nameIsDNSSubdomain('web-', false).length, 1);
    assert.deepEqual(names.nameIsDNSLabel('a.-', true).length, 0);
  });

  test('numbers', () => {
    assert.deepEqual(names.isPortNumber(0), ['must be between 1 and 65535, inclusive']);
    assert.deepEqual(names.isUserId(-1), ['must be between 0 and 2147483647, inclusive']);
    assert.deepEqual(names.isGroupId(5), []);
  });
});
