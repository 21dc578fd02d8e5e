import { readFile } from 'node:fs/promises';
import { arch } from 'node:os';

import { runCommand } from '@kts/host-linux';

import { imageArchive, type ImageFile } from './image-archive.ts';

export const PAUSE_IMAGE = 'kts.local/pause:1';
export const DEMO_IMAGES = ['kts.local/demo:v1', 'kts.local/demo:v2'] as const;

/** Holds a pod's namespaces; as process 1 it also reaps what containers of a shared process namespace leave behind. */
const PAUSE_SCRIPT = 'trap "exit 0" TERM INT; while :; do sleep 2147483647 & wait; done';

/** Answers on port 8080 with the image's version and the pod's name. */
const DEMO_SCRIPT = `#!/bin/sh
# Serves one page: which version this is, and which pod.
set -eu
root=\${TMPDIR:-/tmp}/www
mkdir -p "$root"
printf 'kts demo %s on %s\\n' "$VERSION" "$(hostname)" > "$root/index.html"
trap 'exit 0' TERM INT
echo "demo $VERSION listening on port 8080"
httpd -f -p 8080 -h "$root" &
wait $!
`;

/** As much of curl as a look at a page takes, on busybox' wget. */
const CURL_SCRIPT = `#!/bin/sh
# curl [-sSfLk] [-m SECONDS] [-o FILE] [-H HEADER] [-d DATA] URL
limit=; out=-; header=; data=
while getopts sSfLkm:o:H:d: option; do
  case $option in
    m) limit=$OPTARG ;;
    o) out=$OPTARG ;;
    H) header=$OPTARG ;;
    d) data=$OPTARG ;;
    *) ;;
  esac
done
shift $((OPTIND - 1))
set -- -q -O "$out" \${header:+--header "$header"} \${data:+--post-data "$data"} "$1"
exec \${limit:+timeout "$limit"} wget "$@"
`;

/** Made here from the machine's own static busybox, because no registry may be needed. */
export async function builtInImageArchives(busyboxPath: string): Promise<readonly Uint8Array[]> {
  const [busybox, list] = await Promise.all([readFile(busyboxPath), runCommand([busyboxPath, '--list'])]);
  const rootFiles = busyboxFiles(busybox, list.split('\n').filter(Boolean));
  const architecture = arch() === 'arm64' ? 'arm64' : 'amd64';
  const demo = (tag: string): Promise<Uint8Array> =>
    imageArchive({
      tags: [tag],
      files: [
        ...rootFiles,
        { path: 'usr/local/bin/demo', mode: 0o755, content: DEMO_SCRIPT },
        { path: 'usr/local/bin/curl', mode: 0o755, content: CURL_SCRIPT },
      ],
      command: ['demo'],
      environment: { VERSION: tag.slice(tag.lastIndexOf(':') + 1) },
      exposedPorts: ['8080/tcp'],
      architecture,
    });
  const pause = imageArchive({
    tags: [PAUSE_IMAGE],
    files: [
      { path: 'bin', directory: true },
      { path: 'bin/busybox', mode: 0o755, content: busybox },
    ],
    entrypoint: ['/bin/busybox', 'sh', '-c', PAUSE_SCRIPT],
    architecture,
  });
  return Promise.all([pause, ...DEMO_IMAGES.map(demo)]);
}

function busyboxFiles(busybox: Uint8Array, applets: readonly string[]): readonly ImageFile[] {
  return [
    ...['bin', 'etc', 'usr', 'usr/local', 'usr/local/bin', 'home', 'root', 'var', 'var/run'].map((path) => ({
      path,
      directory: true,
    })),
    { path: 'tmp', directory: true, mode: 0o1777 },
    { path: 'etc/passwd', content: 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/home:/bin/sh\n' },
    { path: 'etc/group', content: 'root:x:0:\nnobody:x:65534:\n' },
    { path: 'bin/busybox', mode: 0o755, content: busybox },
    ...applets.filter((name) => name !== 'busybox').map((name) => ({ path: `bin/${name}`, link: 'busybox' })),
  ];
}
