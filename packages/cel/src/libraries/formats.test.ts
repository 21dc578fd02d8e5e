import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { evaluateText } from '../testing/evaluate-text.ts';

const ROWS: readonly (readonly [expression: string, result: string])[] = [
  [
    "format.dns1123Label().validate('ABC')",
    `optional(["a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"])`,
  ],
  ["format.dns1123Label().validate('abc').hasValue()", 'false'],
  [
    "format.dns1123Subdomain().validate('a..b').value()",
    `["a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"]`,
  ],
  [
    "format.dns1035Label().validate('1a').value()",
    `["a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"]`,
  ],
  [
    "format.qualifiedName().validate('a/b/c').value()",
    `["a valid label key must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"]`,
  ],
  ["format.dns1123LabelPrefix().validate('abc-').hasValue()", 'false'],
  [
    "format.labelValue().validate('a b').value()",
    `["a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"]`,
  ],
  ["format.uri().validate('abc').value()", '["parse \\"abc\\": invalid URI for request"]'],
  ["format.uuid().validate('x').value()", '["does not match the UUID format"]'],
  ["format.byte().validate('x').value()", '["invalid base64"]'],
  ["format.date().validate('2020-13-01').value()", '["invalid date"]'],
  ["format.datetime().validate('2020-01-01').value()", '["invalid datetime"]'],
  ["format.named('uuid').value().validate('x').value()", '["does not match the UUID format"]'],
  ["format.named('nope').hasValue()", 'false'],
  ['format.uuid() == format.uuid()', 'true'],
  ['type(format.uuid())', 'kubernetes.NamedFormat'],
];

describe('named formats', () => {
  for (const [expression, result] of ROWS) {
    it(expression, () => assert.equal(evaluateText(expression), result));
  }
});
