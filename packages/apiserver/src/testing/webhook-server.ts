import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';

import { seededRandom, systemClock } from '@kts/base';
import type { AdmissionRequest, AdmissionResponse, AdmissionReview } from '@kts/api/types/admission-v1';

import { ensurePki } from '../pki/cluster-pki.ts';
import { memoryFiles } from '../pki/pki-files.ts';

/** The name by which a Service `hook` in namespace `default` is called. */
const SERVICE_NAME = 'hook.default.svc';

export interface WebhookServer extends AsyncDisposable {
  readonly port: number;
  /** Of the path `/`. */
  readonly url: string;
  /** Base64, as in a configuration. */
  readonly caBundle: string;
  /** Every request so far. */
  readonly requests: readonly AdmissionRequest[];
}

/** The answer's UID is filled in. Undefined: there is no answer. A number: just this HTTP status. */
export type AnswerReview = (
  request: AdmissionRequest,
  review: AdmissionReview,
) => Omit<AdmissionResponse, 'uid'> | number | undefined;

/** A webhook on the loopback interface, with TLS. */
export async function startWebhookServer(answer: AnswerReview): Promise<WebhookServer> {
  const { serving, authority } = ensurePki({
    files: memoryFiles(),
    clock: systemClock,
    random: seededRandom(1),
    names: [SERVICE_NAME],
    serviceAddress: '127.0.0.1',
  });
  const requests: AdmissionRequest[] = [];
  const server = createServer({ cert: serving.certificate, key: serving.key }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.once('end', () => {
      const review = JSON.parse(Buffer.concat(chunks).toString()) as AdmissionReview;
      requests.push(review.request!);
      const given = answer(review.request!, review);
      if (given === undefined) return;
      if (typeof given === 'number') {
        response.writeHead(given).end();
        return;
      }
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ ...review, request: undefined, response: { ...given, uid: review.request!.uid } }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `https://localhost:${port}/`,
    caBundle: Buffer.from(authority.certificate).toString('base64'),
    requests,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
