import { parseTime } from '@kts/apimachinery';
import type { Pod } from '@kts/api/types/core-v1';
import type { Clock, Random } from '@kts/base';
import type { Client } from '@kts/client';
import { VolumeError } from './volume-payload.ts';

export interface Token {
  readonly token: string;
  readonly expiresAtMs: number;
  readonly lifetimeMs: number;
  readonly podUid: string;
}

const LIFETIME_MS_MAX = 24 * 3600_000;
const JITTER_MS_MAX = 10_000;
/** A token is renewed when this share of its lifetime is left. */
const REST = 0.2;

/**
 * Tokens of service accounts, bound to a pod and renewed in time.
 *
 * Mirrors: pkg/kubelet/token/token_manager.go (v1.36)
 */
export class ServiceAccountTokens {
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #tokens = new Map<string, Token>();

  constructor(client: Client, clock: Clock, random: Random) {
    this.#client = client;
    this.#clock = clock;
    this.#random = random;
  }

  /** `audience` empty: the API server's own. Throws VolumeError. */
  async get(pod: Pod, audience: string, expirationSeconds: number, signal: AbortSignal): Promise<string> {
    return (await this.token(pod, audience, expirationSeconds, signal)).token;
  }

  /** The same with the time when it ends. */
  async token(pod: Pod, audience: string, expirationSeconds: number, signal: AbortSignal): Promise<Token> {
    const { namespace, name: podName, uid } = pod.metadata;
    const name = pod.spec.serviceAccountName ?? '';
    const key = JSON.stringify([namespace, name, uid, audience, expirationSeconds]);
    const known = this.#tokens.get(key);
    if (known && !this.#needsRenewal(known)) return known;
    try {
      const audiences = audience === '' ? [] : [audience];
      const boundObjectRef = { apiVersion: 'v1', kind: 'Pod', name: podName, uid };
      const { status } = await this.#client.createToken(
        { namespace, name },
        { audiences, expirationSeconds, boundObjectRef },
        { signal },
      );
      if (!status?.token || !status.expirationTimestamp) throw new VolumeError('the answer has no token');
      const expiresAtMs = parseTime(status.expirationTimestamp);
      const fresh = { token: status.token, expiresAtMs, lifetimeMs: expirationSeconds * 1000, podUid: uid };
      this.#tokens.set(key, fresh);
      return fresh;
    } catch (error) {
      if (signal.aborted) throw error;
      if (known && this.#clock.now() < known.expiresAtMs) return known;
      const text = Error.isError(error) ? error.message : String(error);
      throw new VolumeError(`failed to fetch token: ${text}`, { cause: error });
    }
  }

  forget(podUid: string): void {
    for (const [key, token] of this.#tokens) if (token.podUid === podUid) this.#tokens.delete(key);
  }

  #needsRenewal(token: Token): boolean {
    const now = this.#clock.now();
    const jitter = this.#random.next() * JITTER_MS_MAX;
    const issuedAt = token.expiresAtMs - token.lifetimeMs;
    return now > issuedAt + LIFETIME_MS_MAX - jitter || now > token.expiresAtMs - token.lifetimeMs * REST - jitter;
  }
}
