/**
 * The node's own log files, as pages and as they are.
 *
 * Mirrors: pkg/kubelet/server/server.go (getLogs) and net/http/fs.go of Go, which answers there (v1.36)
 * Differs: no ranges and no queries of services' logs.
 */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { posix } from 'node:path';

import { escapeHtml } from '@kts/base';

import { HttpFailure } from '../http-failure.ts';
import type { KubeletRequest, ServerContext } from '../server-context.ts';

const LOG_DIRECTORY = '/var/log';
const CHUNK_BYTES = 64 * 1024;

/** `/logs/` and everything below it. */
export async function serveSystemLogs(
  { host, logFiles, systemLogs }: ServerContext,
  { path, parameters, signal }: KubeletRequest,
  response: ServerResponse,
): Promise<void> {
  if (!systemLogs) throw new HttpFailure(405, 'logs endpoint is disabled.');
  // Ways up end at the root, so that nothing but logs can be seen.
  const below = posix.join('/', parameters['rest'] ?? '');
  const target = posix.join(LOG_DIRECTORY, below).replace(/\/$/, '');
  const found = await host.files.stat(target).catch(() => undefined);
  if (!found) throw new HttpFailure(404, '404 page not found');
  const isDirectory = found.type === 'directory';
  if (isDirectory !== path.endsWith('/')) {
    const name = posix.basename(path);
    const location = isDirectory ? `${name}/` : `../${name}`;
    response.writeHead(301, { location }).end();
    return;
  }
  if (isDirectory) {
    const page = await listing(host.files, target);
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(page);
    return;
  }
  if (found.type !== 'file') throw new HttpFailure(404, '404 page not found');
  const file = await logFiles.open(target);
  try {
    const size = await file.size();
    response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8', 'content-length': size });
    for (let position = 0; position < size;) {
      const chunk = await file.read(position, Math.min(CHUNK_BYTES, size - position));
      if (chunk.length === 0) break;
      position += chunk.length;
      if (!response.write(chunk)) await once(response, 'drain', { signal });
    }
    response.end();
  } finally {
    await file.close();
  }
}

async function listing(files: ServerContext['host']['files'], directory: string): Promise<string> {
  const lines = await Promise.all(
    (await files.readDirectory(directory)).map(async (name) => {
      const info = await files.lstat(posix.join(directory, name)).catch(() => undefined);
      const shown = info?.type === 'directory' ? `${name}/` : name;
      return `<a href="${encodeURI(shown)}">${escapeHtml(shown)}</a>\n`;
    }),
  );
  return `<!doctype html>\n<meta name="viewport" content="width=device-width">\n<pre>\n${lines.join('')}</pre>\n`;
}
