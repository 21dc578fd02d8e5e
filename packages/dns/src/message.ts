/** DNS messages in and out: what a query asks, and the bytes of an answer that fits. Pure. */
import {
  AUTHORITATIVE_ANSWER,
  decode,
  encode,
  RECURSION_AVAILABLE,
  RECURSION_DESIRED,
  TRUNCATED_RESPONSE,
} from 'dns-packet';
import type { Answer, DecodedPacket, Packet } from 'dns-packet';

import { compressNames } from './compress.ts';
import type { Resolution, ZoneConfig } from './resolve.ts';

/** What a client without EDNS(0) accepts over UDP. */
const UDP_BYTES_DEFAULT = 512;
const UDP_BYTES_MAX = 4096;
const RCODE = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4 } as const;
export type ResponseCode = keyof typeof RCODE;

export interface Query {
  readonly packet: DecodedPacket;
  /** Lower case. */
  readonly name: string;
  readonly type: string;
  /** The largest answer over UDP. */
  readonly udpBytes: number;
}

/** A message that asks exactly one thing; anything else is `undefined`. */
export function parseQuery(bytes: Uint8Array): Query | undefined {
  let packet: DecodedPacket;
  try {
    packet = decode(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  } catch {
    return undefined;
  }
  const [question] = packet.questions ?? [];
  if (packet.type !== 'query' || !question || packet.questions!.length !== 1) return undefined;
  const edns = packet.additionals?.find((record) => record.type === 'OPT');
  const offered = edns?.type === 'OPT' ? edns.udpPayloadSize : UDP_BYTES_DEFAULT;
  return {
    packet,
    name: question.name.toLowerCase(),
    type: question.type,
    udpBytes: Math.min(UDP_BYTES_MAX, Math.max(UDP_BYTES_DEFAULT, offered)),
  };
}

/** The answer to a question of the zone. Nothing found comes with the zone's SOA, so that it may be cached. */
export function zoneAnswer(
  query: Query,
  resolution: Exclude<Resolution, { outcome: 'forward' }>,
  config: ZoneConfig,
): Packet {
  const found = resolution.outcome === 'answers' ? resolution : { answers: [], additionals: [] };
  return answer(query, resolution.outcome === 'nxdomain' ? 'NXDOMAIN' : 'NOERROR', {
    answers: found.answers,
    additionals: found.additionals,
    authorities: found.answers.length === 0 ? [startOfAuthority(config)] : [],
    authoritative: true,
  });
}

export function failureAnswer(query: Query, code: ResponseCode): Packet {
  return answer(query, code, { answers: [], additionals: [], authorities: [], authoritative: false });
}

/** The bytes for UDP: of an answer that does not fit, as many records as do, and the advice to ask again over TCP. */
export function encodeForUdp(packet: Packet, query: Query): Uint8Array {
  const bytes = compressNames(encode(packet));
  if (bytes.length <= query.udpBytes) return bytes;
  const all = packet.answers ?? [];
  const withAnswers = (count: number): Uint8Array =>
    compressNames(
      encode({
        ...packet,
        flags: (packet.flags ?? 0) | TRUNCATED_RESPONSE,
        answers: all.slice(0, count),
        additionals: (packet.additionals ?? []).filter((record) => record.type === 'OPT'),
        authorities: [],
      }),
    );
  let [fits, tooMany] = [0, all.length + 1];
  while (tooMany - fits > 1) {
    const middle = Math.floor((fits + tooMany) / 2);
    if (withAnswers(middle).length <= query.udpBytes) fits = middle;
    else tooMany = middle;
  }
  return withAnswers(fits);
}

/** A question of our own, for another server. */
export function encodeQuestion(id: number, name: string, type: 'A' | 'AAAA'): Uint8Array {
  return encode({ id, type: 'query', flags: RECURSION_DESIRED, questions: [{ name, type, class: 'IN' }] });
}

/** The answers in a message, if it is one; none otherwise. */
export function answersOf(bytes: Uint8Array): readonly Answer[] {
  try {
    return decode(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)).answers ?? [];
  } catch {
    return [];
  }
}

/** The bytes for TCP, with their length in front. */
export function encodeForTcp(packet: Packet): Uint8Array {
  const bytes = compressNames(encode(packet));
  return Buffer.concat([Uint8Array.of(bytes.length >> 8, bytes.length & 0xff), bytes]);
}

function answer(
  query: Query,
  code: ResponseCode,
  sections: {
    readonly answers: readonly Answer[];
    readonly additionals: readonly Answer[];
    readonly authorities: readonly Answer[];
    readonly authoritative: boolean;
  },
): Packet {
  const edns = query.packet.additionals?.find((record) => record.type === 'OPT');
  const flags =
    ((query.packet.flags ?? 0) & RECURSION_DESIRED) |
    RECURSION_AVAILABLE |
    (sections.authoritative ? AUTHORITATIVE_ANSWER : 0) |
    RCODE[code];
  return {
    id: query.packet.id ?? 0,
    type: 'response',
    flags,
    questions: query.packet.questions ?? [],
    answers: [...sections.answers],
    authorities: [...sections.authorities],
    additionals: edns ? [...sections.additionals, edns] : [...sections.additionals],
  };
}

function startOfAuthority(config: ZoneConfig): Answer {
  return {
    name: config.zone,
    type: 'SOA',
    ttl: config.ttl,
    data: {
      mname: `ns.dns.${config.zone}`,
      rname: `hostmaster.${config.zone}`,
      serial: 1,
      refresh: 7200,
      retry: 1800,
      expire: 86_400,
      minimum: config.ttl,
    },
  };
}
