import { readFileSync } from 'node:fs';

import { ProtoCodec, type ProtoFacts } from '@kts/grpc';

/** Reads and writes the messages of the CRI. */
export const criCodec = new ProtoCodec(
  JSON.parse(readFileSync(new URL('../facts/cri.json', import.meta.url), 'utf8')) as ProtoFacts,
);
