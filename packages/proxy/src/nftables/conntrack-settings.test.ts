import assert from 'node:assert/strict';
import { test } from 'node:test';

import { EMPTY_CONFIGURATION, type ConntrackConfiguration } from '../configuration/proxy-configuration.ts';
import { planConntrackSettings } from './conntrack-settings.ts';

test('connections are limited by processor, and in time', () => {
  const timeouts = { tcp_timeout_established: 86_400, tcp_timeout_close_wait: 3_600 };
  const rows: [Partial<ConntrackConfiguration>, number, Record<string, number>][] = [
    [{}, 2, { max: 131_072, ...timeouts }],
    [{}, 8, { max: 262_144, ...timeouts }],
    [{}, 64, { max: 1_048_576, ...timeouts }],
    [{ maxPerCore: 0 }, 8, timeouts],
    [
      { maxPerCore: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s', tcpBeLiberal: true },
      8,
      { tcp_be_liberal: 1 },
    ],
    [
      { maxPerCore: 0, udpTimeout: '1m30s', udpStreamTimeout: '2m' },
      8,
      { ...timeouts, udp_timeout: 90, udp_timeout_stream: 120 },
    ],
  ];
  for (const [change, processors, expected] of rows) {
    const settings = planConntrackSettings({ ...EMPTY_CONFIGURATION.conntrack, ...change }, processors);
    assert.deepEqual(Object.fromEntries(settings), expected, JSON.stringify(change));
  }
});
