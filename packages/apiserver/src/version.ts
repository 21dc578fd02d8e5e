import { arch, platform } from 'node:process';

/** The Kubernetes release whose behaviour this server has. */
export const KUBERNETES_VERSION = '1.36.2';

const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64', arm: 'arm', ia32: '386' };

/** What `GET /version` answers. */
export const VERSION_INFO = {
  major: '1',
  minor: '36',
  emulationMajor: '1',
  emulationMinor: '36',
  minCompatibilityMajor: '1',
  minCompatibilityMinor: '35',
  gitVersion: `v${KUBERNETES_VERSION}+kts`,
  gitCommit: '',
  gitTreeState: 'clean',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: '',
  compiler: 'node',
  platform: `${platform}/${ARCHITECTURES[arch] ?? arch}`,
} as const;
