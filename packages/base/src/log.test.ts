import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createLogger, silentLogger, type Logger, type LogOptions } from './log.ts';
import { FakeClock } from './testing/index.ts';

describe('createLogger', () => {
  const STAMP = '0102 15:04:05.678000';
  const rows: readonly (readonly [title: string, log: (log: Logger) => void, written: string])[] = [
    ['an error', (log) => log.error('it broke'), `E${STAMP} it broke\n`],
    ['a warning', (log) => log.warn('it may break'), `W${STAMP} it may break\n`],
    ['an information', (log) => log.info('it works'), `I${STAMP} it works\n`],
    ['detail', (log) => log.debug(2, 'how it works'), `I${STAMP} how it works\n`],
    ['no detail beyond the verbosity', (log) => log.debug(3, 'all of it'), ''],
    ['text and numbers', (log) => log.info('m', { a: 'x y', n: 3 }), `I${STAMP} m a="x y" n=3\n`],
    ['a field without value', (log) => log.info('m', { a: undefined }), `I${STAMP} m a=<undefined>\n`],
    ['an error as a field', (log) => log.info('m', { err: new Error('no "x"') }), `I${STAMP} m err="no \\"x\\""\n`],
    ['a line feed in a field', (log) => log.info('m', { a: '1\n2' }), `I${STAMP} m a="1\\n2"\n`],
    [
      'inherited fields first',
      (log) => log.with({ a: 1 }).with({ b: 2 }).warn('m', { c: 3 }),
      `W${STAMP} m a=1 b=2 c=3\n`,
    ],
    ['no more detail in a child', (log) => log.with({ a: 1 }).debug(3, 'm'), ''],
  ];
  for (const [title, log, written] of rows) {
    it(`writes ${title}`, () => {
      const { lines, logger } = recorder();
      log(logger);
      assert.equal(lines.join(''), written);
    });
  }

  it('has verbosity 0 unless told', () => {
    const { lines, logger } = recorder({});
    logger.debug(1, 'detail');
    logger.debug(0, 'plain');
    assert.equal(lines.length, 1);
  });

  it('does not add the fields of a child to its parent', () => {
    const { lines, logger } = recorder();
    logger.with({ a: 1 });
    logger.info('m');
    assert.match(lines[0]!, / m\n$/);
  });
});

describe('silentLogger', () => {
  it('is silent in its children, too', () => assert.equal(silentLogger.with({ a: 1 }), silentLogger));
});

function recorder(options: Pick<LogOptions, 'verbosity'> = { verbosity: 2 }): { lines: string[]; logger: Logger } {
  const lines: string[] = [];
  const clock = new FakeClock(Date.UTC(2026, 0, 2, 15, 4, 5, 678));
  return { lines, logger: createLogger({ clock, write: (line) => lines.push(line), ...options }) };
}
