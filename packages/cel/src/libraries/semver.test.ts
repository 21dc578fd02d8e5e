import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { evaluateText } from '../testing/evaluate-text.ts';

const ROWS: readonly (readonly [expression: string, result: string])[] = [
  ["semver('1.2.3').major()", '1'],
  ["semver('1.2.3-alpha.1+build').patch()", '3'],
  ["semver('1.2')", 'error: No Major.Minor.Patch elements found'],
  ["semver('')", 'error: Version string empty'],
  ["semver('a.2.3')", 'error: Invalid character(s) found in major number "a"'],
  ["semver('01.2.3')", 'error: Major number must not contain leading zeroes "01"'],
  ["semver('1.2.3-')", 'error: Prerelease is empty'],
  ["semver('1.2.3-01')", 'error: Numeric PreRelease version must not contain leading zeroes "01"'],
  ["semver('1.2.3-a$')", 'error: Invalid character(s) found in prerelease "a$"'],
  ["semver('v1.2', true).minor()", '2'],
  ["semver('v01.2', true).major()", '1'],
  ["semver('1.2-alpha', true)", 'error: short version cannot contain PreRelease/Build meta data'],
  ["isSemver('1.2.3')", 'true'],
  ["isSemver('v1.2.3', true)", 'true'],
  ["semver('1.2.3').compareTo(semver('1.2.4'))", '-1'],
  ["semver('1.2.3-alpha').isLessThan(semver('1.2.3'))", 'true'],
  ["semver('1.2.3-alpha.2').isGreaterThan(semver('1.2.3-alpha.10'))", 'false'],
  ["semver('1.2.3+a') == semver('1.2.3+b')", 'true'],
];

describe('semantic versions', () => {
  for (const [expression, result] of ROWS) {
    it(expression, () => assert.equal(evaluateText(expression), result));
  }
});
