/**
 * The baseline of bench/apiserver.ts, started by it: an HTTP/2 server over TLS that answers a pod's worth of bytes to
 * everything and does nothing else. Writes a kubeconfig for itself to the path it is given, and runs until it is ended.
 */
import { writeFileSync } from 'node:fs';
import { createSecureServer, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';

import { CLIENT_IDENTITIES, ensurePki, formatKubeconfig, issueClient, memoryFiles } from '@kts/apiserver';
import { systemClock, systemRandom } from '@kts/base';

const ANSWER = Buffer.alloc(4096, 'x');

const deps = { clock: systemClock, random: systemRandom };
const { authority, serving } = ensurePki({ ...deps, files: memoryFiles() });
const server = createSecureServer({ key: serving.key, cert: serving.certificate });
server.on('stream', (stream: ServerHttp2Stream) => {
  stream.resume();
  stream.respond({ ':status': 200, 'content-type': 'application/json', 'content-length': ANSWER.length });
  stream.end(ANSWER);
});
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  const kubeconfig = formatKubeconfig({
    server: `https://127.0.0.1:${port}`,
    authorityCertificate: authority.certificate,
    clusterName: 'bare',
    userName: 'bare',
    credentials: issueClient(deps, authority, CLIENT_IDENTITIES.admin),
  });
  writeFileSync(process.argv[2]!, kubeconfig);
  process.send?.('ready');
});
