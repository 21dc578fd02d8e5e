import type { ClientHttp2Session } from 'node:http2';

export interface PingTimes {
  /** How long a connection may be silent until it is tested. */
  readonly pingAfterMs: number;
  /** How long the answer may take. */
  readonly pingTimeoutMs: number;
}

/** Breaks a connection whose peer has vanished without a word: what waits on it would otherwise wait for ever. */
export function pingWhenSilent(session: ClientHttp2Session, { pingAfterMs, pingTimeoutMs }: PingTimes): void {
  let unanswered = false;
  session.setTimeout(pingAfterMs);
  session.on('timeout', () => {
    if (unanswered || session.connecting) {
      session.destroy(new Error('the server does not answer'));
      return;
    }
    unanswered = session.ping(() => {
      unanswered = false;
      session.setTimeout(pingAfterMs);
    });
    session.setTimeout(pingTimeoutMs);
  });
}
