/** The `kts` command as a user meets it: help, mistakes, and the life of clusters that run no nodes. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile, truncate, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import { KTS, prepareTestCluster, startTestCluster, type TestCluster } from './harness/cluster.ts';
import { run, succeed } from './harness/command.ts';
import { cannotRunContainers } from './harness/requirements.ts';

const USAGE = 2;
const NOT_RUNNING = 3;
const API_SERVER_ONLY = '--components apiserver';

describe('kts help', () => {
  for (const command of ['up', 'down', 'status', 'reset', 'version', 'completion']) {
    it(`${command} --help says what it does`, async () => {
      assert.match(await succeed([KTS, command, '--help']), new RegExp(`^.+\n\nUsage: kts ${command}`));
    });
  }

  it('lists every command', async () => {
    const help = await succeed([KTS, '--help']);
    for (const command of ['up', 'down', 'status', 'reset', 'version'])
      assert.match(help, new RegExp(`^  ${command} `, 'm'));
  });

  it('version names the Kubernetes it is compatible with', async () => {
    assert.match(await succeed([KTS, 'version']), /Kubernetes 1\.36\./);
  });
});

describe('kts with a command line that makes no sense', () => {
  const rows: readonly (readonly [line: string, message: RegExp])[] = [
    ['', /Usage: kts COMMAND/],
    ['upp', /unknown command "upp"/],
    ['up --prot 1', /unknown flag --prot; did you mean --port\?/],
    ['up --port', /--port needs a value/],
    ['up --port many', /--port is a whole number/],
    ['up --runtime docker', /--runtime is one of auto, containerd, simulated, not "docker"/],
    ['up --components apiserver,etcd', /unknown component "etcd"/],
    ['up --name Not_A_Name', /the name of a cluster/],
    ['up now', /takes no arguments, but was given "now"/],
  ];
  for (const [line, message] of rows) {
    it(`kts ${line}`, async () => {
      const result = await run([KTS, ...line.split(' ').filter(Boolean)]);
      assert.match(result.stdout + result.stderr, message);
      assert.equal(result.code, USAGE);
    });
  }
});

describe('kts up, status, down and reset', () => {
  let cluster: TestCluster;
  before(async () => {
    cluster = await startTestCluster(API_SERVER_ONLY);
  });
  after(() => cluster.remove());

  const status = () => run([KTS, 'status', ...cluster.location], { environment: cluster.environment });

  it('is found by status', async () => {
    const { code, stdout } = await status();
    assert.equal(code, 0);
    assert.match(stdout, new RegExp(`Cluster ${cluster.name} is running: https://127\\.0\\.0\\.1:\\d+`));
  });

  it('refuses a second process on the same data', async () => {
    await assert.rejects(cluster.up(), /a cluster is running already in /);
  });

  it('keeps its objects over down and up', async () => {
    await cluster.kubectl('create configmap kept --from-literal=a=b');
    await cluster.down();
    assert.equal((await status()).code, NOT_RUNNING);
    await cluster.up();
    assert.equal(await cluster.kubectl('get configmap kept -o jsonpath={.data.a}'), 'b');
  });

  it('is gone after reset', async () => {
    await succeed([KTS, 'reset', ...cluster.location], { environment: cluster.environment });
    assert.equal((await status()).code, NOT_RUNNING);
    assert.ok(!existsSync(cluster.dataDirectory));
  });
});

describe('kts up where something is wrong', () => {
  /** Asserts that `up` fails with this message and exit code 1. */
  async function refused(cluster: TestCluster, flags: string, message: RegExp): Promise<void> {
    const command = [KTS, 'up', ...cluster.location, '--kubeconfig', cluster.kubeconfig, ...flags.split(' ')];
    const { code, stderr } = await run(command, { environment: cluster.environment });
    assert.match(stderr, message);
    assert.equal(code, 1);
  }

  let cluster: TestCluster;
  before(async () => {
    cluster = await startTestCluster(API_SERVER_ONLY);
    await cluster.kubectl('create configmap kept');
    await cluster.down();
  });
  after(() => cluster.remove());

  it('names a port that is taken', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    try {
      await refused(cluster, `${API_SERVER_ONLY} --port ${port}`, new RegExp(`port ${port}`));
    } finally {
      server.close();
    }
  });

  it('does not touch the data of a newer version', async () => {
    const file = join(cluster.dataDirectory, 'format.json');
    const own = await readFile(file, 'utf8');
    await writeFile(file, JSON.stringify({ format: 99 }));
    await refused(cluster, `${API_SERVER_ONLY} --port 0`, /written by a newer kts/);
    await writeFile(file, own);
  });

  it('loses nothing by all of that', async () => {
    await cluster.up();
    assert.equal(await cluster.kubectl('get configmap kept -o name'), 'configmap/kept\n');
    await cluster.down();
  });

  it('says that a database is corrupt, and leaves it as it is', async () => {
    const file = join(cluster.dataDirectory, 'store.db');
    await truncate(file, 0);
    await writeFile(file, 'this is no database, but text that is long enough to be read as a header. '.repeat(60));
    const corrupt = await readFile(file);
    await refused(cluster, `${API_SERVER_ONLY} --port 0`, /store\.db/);
    assert.deepEqual(await readFile(file), corrupt);
  });
});

describe('kts up --no-install where programs are missing', { skip: cannotRunContainers }, () => {
  it('names the packages', async () => {
    const cluster = await prepareTestCluster('');
    try {
      // Programs are looked for in the usual directories too: an empty $PATH alone hides nothing there.
      const unshared = ['unshare', '--mount', 'sh', '-c', 'mount -t tmpfs none /usr/sbin && exec "$@"', 'sh'];
      const command = [
        KTS,
        'up',
        ...cluster.location,
        '--port',
        '0',
        '--no-install',
        '--kubeconfig',
        cluster.kubeconfig,
      ];
      const { code, stderr } = await run([...unshared, ...command], { environment: cluster.environment });
      assert.match(stderr, /runc, nftables, .* missing, and --no-install forbids to install packages/);
      assert.equal(code, 1);
    } finally {
      await cluster.remove();
    }
  });
});

describe('two clusters', () => {
  let first: TestCluster;
  let second: TestCluster;
  before(async () => {
    [first, second] = await Promise.all([startTestCluster(API_SERVER_ONLY), startTestCluster(API_SERVER_ONLY)]);
  });
  after(async () => {
    await Promise.all([first.remove(), second.remove()]);
  });

  it('keep their objects apart', async () => {
    await first.kubectl('create configmap only-here');
    assert.match((await second.tryKubectl('get configmap only-here')).stderr, /NotFound/);
  });
});

describe("the user's kubeconfig", () => {
  it('gets a context for the cluster, keeps the others, and loses it on reset', async () => {
    const cluster = await prepareTestCluster(API_SERVER_ONLY);
    try {
      await cluster.kubectl('config set-context other --cluster=other --user=other');
      const { environment } = cluster;
      const contexts = (): Promise<string> => cluster.kubectl('config get-contexts -o name');
      await succeed([KTS, 'up', '--detach', ...cluster.location, '--port', '0', ...API_SERVER_ONLY.split(' ')], {
        environment,
      });
      assert.equal(await contexts(), ['other', cluster.name].toSorted().join('\n') + '\n');
      assert.equal(await cluster.kubectl('config current-context'), `${cluster.name}\n`);
      assert.match(await cluster.kubectl('get --raw /readyz'), /^ok$/);
      await succeed([KTS, 'reset', ...cluster.location], { environment });
      assert.equal(await contexts(), 'other\n');
    } finally {
      await cluster.remove();
    }
  });
});
