import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

import { runCommand } from '@kts/host-linux';

/** A program that real nodes need, and the Debian package that has it. */
interface Requirement {
  readonly program: string;
  readonly package: string;
}

const REQUIREMENTS: readonly Requirement[] = [
  { program: 'containerd', package: 'containerd' },
  { program: 'runc', package: 'runc' },
  { program: 'nft', package: 'nftables' },
  { program: 'ip', package: 'iproute2' },
  { program: 'nsenter', package: 'util-linux' },
  { program: 'iptables', package: 'iptables' },
  { program: 'conntrack', package: 'conntrack' },
  { program: 'busybox', package: 'busybox-static' },
];
const CNI_PACKAGE = 'containernetworking-plugins';
/** Where distributions and upstream's own archives put CNI plugins. */
const CNI_DIRECTORIES = ['/opt/cni/bin', '/usr/lib/cni', '/usr/libexec/cni'];
/** Programs of an administrator are not always on the path. */
const SYSTEM_DIRECTORIES = ['/usr/sbin', '/sbin', '/usr/bin', '/bin', '/usr/local/sbin', '/usr/local/bin'];

export interface HostPrograms {
  readonly cniBinDirectory: string;
  readonly busybox: string;
}

/** Real nodes cannot run here; the message says what is missing and how to get it. */
export class MissingRuntimeError extends Error {
  override readonly name = 'MissingRuntimeError';
}

/** Finds what real nodes need, installing Debian packages if that is allowed and possible. */
export async function ensureHostPrograms(options: {
  readonly install: boolean;
  readonly path: string;
  /** Told which packages are about to be installed. */
  readonly onInstall: (packages: readonly string[]) => void;
}): Promise<HostPrograms> {
  let missing = await missingPackages(options.path);
  if (missing.length > 0) {
    if (!options.install)
      throw new MissingRuntimeError(`${missing.join(', ')} missing, and --no-install forbids to install packages`);
    if (!(await findProgram('apt-get', options.path))) {
      throw new MissingRuntimeError(`${missing.join(', ')} missing; install them with this system's package manager`);
    }
    options.onInstall(missing);
    await installPackages(missing, options.path);
    missing = await missingPackages(options.path);
    if (missing.length > 0) throw new MissingRuntimeError(`${missing.join(', ')} could not be installed`);
  }
  return {
    cniBinDirectory: (await findCniDirectory())!,
    busybox: (await findProgram('busybox', options.path))!,
  };
}

async function missingPackages(path: string): Promise<readonly string[]> {
  const found = await Promise.all(REQUIREMENTS.map((each) => findProgram(each.program, path)));
  const missing = REQUIREMENTS.filter((_, index) => !found[index]).map((each) => each.package);
  return (await findCniDirectory()) ? missing : [...missing, CNI_PACKAGE];
}

async function installPackages(packages: readonly string[], path: string): Promise<void> {
  const environment = { PATH: path, DEBIAN_FRONTEND: 'noninteractive' };
  const install = ['apt-get', 'install', '--yes', '--no-install-recommends', ...packages];
  try {
    await runCommand(install, { environment });
  } catch {
    // The package lists may be missing or old: fetch them and try once more.
    await runCommand(['apt-get', 'update'], { environment });
    await runCommand(install, { environment });
  }
}

async function findCniDirectory(): Promise<string | undefined> {
  for (const directory of CNI_DIRECTORIES) {
    if (await isExecutable(join(directory, 'bridge'))) return directory;
  }
  return undefined;
}

async function findProgram(name: string, path: string): Promise<string | undefined> {
  for (const directory of [...path.split(delimiter), ...SYSTEM_DIRECTORIES]) {
    const candidate = join(directory, name);
    if (await isExecutable(candidate)) return candidate;
  }
  return undefined;
}

function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
