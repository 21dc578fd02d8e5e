import { equal } from 'node:assert/strict';
import { describe, it } from 'node:test';
import { jsonProblem } from './json-text.ts';

describe('JSON in strings', () => {
  const rows: readonly [text: string, problem: string | undefined][] = [
    ['[]', undefined],
    ['null', undefined],
    ['{}', 'json: cannot unmarshal object into Go value of type []v1.Taint'],
    ['"a"', 'json: cannot unmarshal string into Go value of type []v1.Taint'],
    ['true', 'json: cannot unmarshal bool into Go value of type []v1.Taint'],
    ['1', 'json: cannot unmarshal number into Go value of type []v1.Taint'],
    ['x', "invalid character 'x' looking for beginning of value"],
    ['', 'unexpected end of JSON input'],
  ];
  for (const [text, problem] of rows) {
    it(JSON.stringify(text), () => equal(jsonProblem(text, 'array', '[]v1.Taint'), problem));
  }
});
