import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseForwardedPorts, parseStreamOptions, tunnelledProtocols, webSocketProtocols } from './stream-options.ts';

describe('parseStreamOptions', () => {
  const rows: readonly (readonly [query: string, streams: string])[] = [
    ['input=1&output=1&error=1', 'stdin stdout stderr'],
    ['output=1&error=1&tty=1', 'stdout tty'],
    ['output=true&input=1', 'stdin'],
  ];
  for (const [query, streams] of rows) {
    it(`reads ${query}`, () => {
      const options = Object.entries(parseStreamOptions(new URLSearchParams(query)));
      assert.equal(
        options
          .filter(([, on]) => on)
          .map(([name]) => name)
          .join(' '),
        streams,
      );
    });
  }

  it('refuses a request without any stream', () => {
    const message = 'you must specify at least 1 of stdin, stdout, stderr';
    assert.throws(() => parseStreamOptions(new URLSearchParams('tty=1')), { status: 400, message });
  });
});

describe('parseForwardedPorts', () => {
  const websocket = { upgrade: 'websocket' };
  it('reads lists and repeated parameters of WebSockets', () =>
    assert.deepEqual(parseForwardedPorts(new URLSearchParams('port=80,443&port=1'), websocket), [80, 443, 1]));
  it('has none for other clients', () =>
    assert.deepEqual(parseForwardedPorts(new URLSearchParams('port=80'), { upgrade: 'SPDY/3.1' }), []));
  for (const [query, message] of [
    ['', 'query parameter "port" is required'],
    ['port=', 'query parameter "port" cannot be empty'],
    ['port=0', 'unable to parse 0 as a port'],
    ['port=http', 'unable to parse http as a port'],
    ['port=65536', 'unable to parse 65536 as a port'],
  ] as const) {
    it(`says: ${message}`, () =>
      assert.throws(() => parseForwardedPorts(new URLSearchParams(query), websocket), { status: 400, message }));
  }
});

describe('offered protocols', () => {
  const offer = (upgrade: string): readonly string[] =>
    webSocketProtocols({ upgrade, 'sec-websocket-protocol': 'SPDY/3.1+portforward.k8s.io, v4.channel.k8s.io' });

  it('are those of a WebSocket', () => {
    assert.deepEqual(offer('WebSocket'), ['SPDY/3.1+portforward.k8s.io', 'v4.channel.k8s.io']);
    assert.deepEqual(offer('SPDY/3.1'), []);
  });

  it('may be tunnelled', () => assert.deepEqual(tunnelledProtocols(offer('websocket')), ['portforward.k8s.io']));
});
