import type { ServerResponse } from 'node:http';
import { sendJson } from './send-json.ts';
import type { KubeletRequest, ServerContext } from './server-context.ts';

/** `/healthz`: the server answers. */
export async function serveHealth(
  _context: ServerContext,
  _request: KubeletRequest,
  response: ServerResponse,
): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' });
  response.end('ok');
}

/** `/configz` */
export async function serveConfiguration(
  { configuration }: ServerContext,
  _request: KubeletRequest,
  response: ServerResponse,
): Promise<void> {
  sendJson(response, { kubeletconfig: configuration });
}
