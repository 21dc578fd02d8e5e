import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';

import { createLogger, systemClock } from '@kts/base';
import { FakeClock } from '@kts/base/testing';

import { createAuditSink } from './audit-sink.ts';
import { collectBatches } from './event-batches.ts';
import { backupName, createRotatingLog, outdatedBackups } from './rotating-log.ts';

const NOON = Date.UTC(2026, 10, 21, 12);
const silent = createLogger({ clock: new FakeClock(), write: () => {} });

describe('the audit log', () => {
  it('is put away under its time', () => {
    assert.equal(backupName('audit.log', NOON + 7), 'audit-2026-11-21T12-00-00.007.log');
    assert.equal(backupName('audit', NOON), 'audit-2026-11-21T12-00-00.000');
  });

  const names = [4, 3, 2, 1].map((days) => backupName('audit.log', NOON - days * 24 * 3600 * 1000));
  const others = ['audit.log', 'audit-other.log', 'other.log', 'audit-2026-11-21T12-00-00.000.txt'];
  const rows: readonly [maxBackups: number, maxAgeDays: number, deleted: number][] = [
    [0, 0, 0],
    [3, 0, 1],
    [1, 0, 3],
    [0, 2, 2],
    [0, 10, 0],
    [3, 2, 2],
  ];
  for (const [maxBackups, maxAgeDays, deleted] of rows) {
    it(`keeps ${maxBackups || 'all'} files of ${maxAgeDays || 'all'} days`, () => {
      const options = { path: '/var/log/audit.log', maxSizeMegabytes: 1, maxBackups, maxAgeDays };
      const outdated = outdatedBackups([...others, ...names], options, NOON);
      assert.deepEqual(outdated.toSorted(), names.slice(0, deleted).toSorted());
    });
  }

  it('is never larger than it may be', () => {
    const folder = mkdtempSync(join(tmpdir(), 'audit-'));
    try {
      const clock = new FakeClock();
      const options = { path: join(folder, 'audit.log'), maxSizeMegabytes: 1, maxBackups: 1, maxAgeDays: 0 };
      const log = createRotatingLog(options, clock);
      const line = `${'x'.repeat(600_000)}\n`;
      for (let count = 0; count < 3; count++) {
        log.write(line);
        void clock.advance(1000);
      }
      log.close();
      assert.equal(readdirSync(folder).length, 2);
      for (const name of readdirSync(folder)) assert.equal(readFileSync(join(folder, name), 'utf8'), line);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('batches of events', () => {
  const options = { bufferSize: 4, batchSizeMax: 2, waitMs: 1000 };

  it('are sent when they are full, or have waited long enough', async () => {
    const clock = new FakeClock();
    const sent: (readonly string[])[] = [];
    const batches = collectBatches(options, (lines) => Promise.resolve(void sent.push(lines)), clock, silent);
    batches.add('a');
    await clock.advance(999);
    assert.deepEqual(sent, []);
    await clock.advance(1);
    assert.deepEqual(sent, [['a']]);
    batches.add('b');
    batches.add('c');
    await clock.advance(0);
    assert.deepEqual(sent, [['a'], ['b', 'c']]);
    assert.equal(clock.timers, 0);
  });

  it('are sent one at a time, and what does not fit meanwhile is lost', async () => {
    const clock = new FakeClock();
    const sent: (readonly string[])[] = [];
    const gate = Promise.withResolvers<void>();
    const batches = collectBatches(
      options,
      async (lines) => {
        await gate.promise;
        sent.push(lines);
      },
      clock,
      silent,
    );
    for (const line of ['a', 'b', 'c', 'd', 'e', 'f', 'lost', 'lost']) batches.add(line);
    gate.resolve();
    await batches.close();
    assert.deepEqual(sent, [
      ['a', 'b'],
      ['c', 'd'],
      ['e', 'f'],
    ]);
  });

  it('are given up where they cannot be sent, but not those after them', async () => {
    const sent: (readonly string[])[] = [];
    const send = (lines: readonly string[]): Promise<void> =>
      lines[0] === 'a' ? Promise.reject(new Error('no')) : Promise.resolve(void sent.push(lines));
    const batches = collectBatches(options, send, new FakeClock(), silent);
    for (const line of ['a', 'b', 'c']) batches.add(line);
    await batches.close();
    assert.deepEqual(sent, [['c']]);
  });
});

describe('the audit webhook', () => {
  it('gets lists of events, and is asked again when it has too much to do', async () => {
    const bodies: unknown[] = [];
    let refusals = 1;
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        if (refusals-- > 0) response.writeHead(503).end();
        else {
          bodies.push([request.url, JSON.parse(Buffer.concat(chunks).toString())]);
          response.end();
        }
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const batches = { bufferSize: 10, batchSizeMax: 10, waitMs: 10_000 };
    const webhook = { access: { server: `http://127.0.0.1:${port}/audit` } as never, batches, initialBackoffMs: 1 };
    const sink = createAuditSink({ policy: { rules: [] }, webhook }, systemClock, silent);
    for (const auditID of ['1', '2']) sink.write(`${JSON.stringify({ kind: 'Event', auditID })}\n`);
    await sink.close();
    server.close();
    const items = ['1', '2'].map((auditID) => ({ kind: 'Event', auditID }));
    const list = { kind: 'EventList', apiVersion: 'audit.k8s.io/v1', metadata: {}, items };
    assert.deepEqual(bodies, [['/audit', list]]);
  });
});
