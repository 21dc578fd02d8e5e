import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { HealthCheck } from '@kts/base';
import { answerHealth } from './health.ts';

const fine = (name: string): HealthCheck => ({ name, check: () => Promise.resolve() });
const broken = (name: string): HealthCheck => ({ name, check: () => Promise.reject(new Error('secret')) });

describe('answerHealth', () => {
  const rows: readonly (readonly [
    name: string,
    checks: readonly HealthCheck[],
    query: string,
    status: number,
    text: string,
  ])[] = [
    ['all is well', [fine('ping')], '', 200, 'ok'],
    ['in detail', [fine('ping'), fine('sync')], 'verbose', 200, '[+]ping ok\n[+]sync ok\nreadyz check passed\n'],
    [
      'not well',
      [fine('ping'), broken('sync')],
      '',
      500,
      '[+]ping ok\n[-]sync failed: reason withheld\nreadyz check failed\n',
    ],
    [
      'without one',
      [fine('ping'), broken('sync')],
      'exclude=sync&verbose',
      200,
      '[+]ping ok\n[+]sync excluded: ok\nreadyz check passed\n',
    ],
    ['without two', [broken('a'), broken('b')], 'exclude=a,b', 200, 'ok'],
    [
      'without one that is not there',
      [fine('ping')],
      'exclude=x&verbose',
      200,
      '[+]ping ok\nwarn: some health checks cannot be excluded: no matches for "x"\nreadyz check passed\n',
    ],
  ];
  for (const [name, checks, query, status, text] of rows) {
    it(name, async () =>
      assert.deepEqual(await answerHealth('readyz', checks, new URLSearchParams(query)), { status, text }),
    );
  }
});
