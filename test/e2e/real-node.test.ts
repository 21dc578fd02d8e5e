/** Real containers on one node, used as a user uses them. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import { startTestCluster, type TestCluster } from './harness/cluster.ts';
import { succeed } from './harness/command.ts';
import { eventually } from './harness/eventually.ts';
import { startCsiDriver, startDevicePlugin } from './harness/plugins.ts';
import { startRegistry } from './harness/registry.ts';
import { cannotRunContainers } from './harness/requirements.ts';
import { toolPath } from './harness/tools.ts';
import { fetchFromPod, onNode } from './harness/web.ts';

const IMAGE = 'kts.local/demo:v1';
const SERVES_V1 = /^kts demo v1 on (web-\S+|client)\n$/;

describe('containers on a real node', { skip: cannotRunContainers }, () => {
  let cluster: TestCluster;
  before(async () => {
    cluster = await startTestCluster('--nodes 1');
    await cluster.kubectl(`create deployment web --image=${IMAGE} --replicas=2`);
    await cluster.kubectl('expose deployment web --port=80 --target-port=8080');
    await cluster.kubectl(`run client --image=${IMAGE}`);
    // Its first run comes with the next minute, while the other tests go on.
    await cluster.kubectl([
      'create',
      'cronjob',
      'tick',
      `--image=${IMAGE}`,
      '--schedule=* * * * *',
      '--',
      'echo',
      'tick',
    ]);
    await cluster.rollout('deployment/web');
    await cluster.waitFor('pod/client --for=condition=Ready');
  });
  after(() => cluster.remove());

  /** A pod that ends quickly when it is deleted. */
  const pod = (name: string, spec: object): object => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { app: name } },
    spec: { terminationGracePeriodSeconds: 1, ...spec },
  });
  const shell = (name: string, script: string, rest: object = {}): object => ({
    name,
    image: IMAGE,
    command: ['sh', '-c', script],
    ...rest,
  });
  const log = (name: string): Promise<string> => cluster.kubectl(`logs ${name}`);
  const field = (what: string, path: string): Promise<string> => cluster.kubectl(`get ${what} -o jsonpath=${path}`);

  it('runs them in its own containerd, with the addresses that it reports', async () => {
    const socket = cluster.state.nodes[0]!.containerdSocket!;
    const tasks = await succeed(['ctr', '--address', socket, '--namespace', 'k8s.io', 'tasks', 'ls']);
    const id = (await field('pod/client', '{.status.containerStatuses[0].containerID}')).replace('containerd://', '');
    assert.match(tasks, new RegExp(`^${id} .*RUNNING`, 'm'));
    const address = await field('pod/client', '{.status.podIP}');
    assert.match(await cluster.kubectl('exec client -- ip -4 addr show eth0'), new RegExp(`inet ${address}/24`));
  });

  it('gives logs, runs commands and copies files', async () => {
    assert.match(await log('client'), /demo v1 listening on port 8080/);
    assert.equal(await cluster.kubectl('exec client -- cat /etc/hostname'), 'client\n');
    assert.equal(await cluster.kubectl('exec -i client -- cat', { input: 'through' }), 'through');
    assert.equal((await cluster.tryKubectl(['exec', 'client', '--', 'sh', '-c', 'exit 7'])).code, 7);
    const local = join(cluster.directory, 'file');
    await writeFile(local, 'content');
    await cluster.kubectl(`cp ${local} client:/tmp/file`);
    await cluster.kubectl(`cp client:/tmp/file ${local}.back`);
    assert.equal(await readFile(`${local}.back`, 'utf8'), 'content');
  });

  it('forwards a port', async () => {
    const forward = spawn(toolPath('kubectl'), ['port-forward', 'pod/client', ':8080'], {
      env: { ...process.env, ...cluster.environment },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      const [chunk] = (await once(forward.stdout, 'data', { signal: AbortSignal.timeout(10_000) })) as [Buffer];
      const port = /127\.0\.0\.1:(\d+)/.exec(chunk.toString())?.[1];
      assert.match(await (await fetch(`http://127.0.0.1:${port}`)).text(), SERVES_V1);
    } finally {
      forward.kill();
    }
  });

  it('pulls images from registries, by way of the machine, with a mirror as the data directory says', async () => {
    const [node] = cluster.state.nodes;
    // Of an image that nobody else here uses: once the kubelet has pulled one, its other names are not taken on trust.
    const directory = join(cluster.directory, 'registry');
    const registry = await startRegistry(node!.containerdSocket!, 'kts.local/pause:1', directory);
    try {
      const host = node!.address!.replace(/\d+$/, '1');
      const mirrors = join(cluster.dataDirectory, 'certs.d/registry.example');
      await mkdir(mirrors, { recursive: true });
      await writeFile(join(mirrors, 'hosts.toml'), `[host."http://${host}:${registry.port}"]\n`);
      const command = ['/bin/busybox', 'sh', '-c', 'echo here; exec /bin/busybox sleep 1000'];
      await cluster.apply(pod('pulled', { containers: [{ name: 'main', image: 'registry.example/a/b:c', command }] }));
      await cluster.waitFor('pod/pulled --for=condition=Ready');
      assert.equal(await log('pulled'), 'here\n');
      const asked = registry.requests.join('\n');
      assert.match(asked, /^HEAD \/v2\/a\/b\/manifests\/c\?ns=registry\.example$/m);
    } finally {
      registry.close();
    }
  });

  it('says what is wrong with an image that is not there, without asking anybody for those that are made here', async () => {
    await cluster.kubectl('run missing --image=kts.local/missing:v1');
    await eventually(async () => {
      const events = await cluster.kubectl('get events --field-selector involvedObject.name=missing,reason=Failed');
      assert.match(events, /kts\.local has only what "kts image load" has brought/);
    });
    await cluster.kubectl('delete pod missing --now');
  });

  it('answers for a Service by name from a pod, and by address from the node', async () => {
    assert.match(await eventually(() => fetchFromPod(cluster, 'client', 'http://web')), SERVES_V1);
    assert.match(await fetchFromPod(cluster, 'client', 'http://web.default.svc.cluster.local'), SERVES_V1);
    const address = await field('service/web', '{.spec.clusterIP}');
    assert.match(await onNode(cluster, 1, ['busybox', 'wget', '-q', '-O', '-', `http://${address}`]), SERVES_V1);
  });

  it('reaches the API server from a pod with its service account', async () => {
    const script =
      'cd /var/run/secrets/kubernetes.io/serviceaccount; echo $KUBERNETES_SERVICE_HOST; cat namespace; wc -c < token; ls ca.crt';
    assert.match(
      await cluster.kubectl(['exec', 'client', '--', 'sh', '-c', script]),
      /^10\.96\.0\.1\ndefault\d{3,}\nca\.crt\n$/,
    );
  });

  it('rolls out another image, and back', async () => {
    await cluster.kubectl('set image deployment/web demo=kts.local/demo:v2');
    await cluster.rollout('deployment/web');
    await eventually(async () => assert.match(await fetchFromPod(cluster, 'client', 'http://web'), /^kts demo v2/));
    await cluster.kubectl('rollout undo deployment/web');
    await cluster.rollout('deployment/web');
    await eventually(async () => assert.match(await fetchFromPod(cluster, 'client', 'http://web'), SERVES_V1));
  });

  it('runs init and sidecar containers before the others', async () => {
    await cluster.apply(
      pod('ordered', {
        restartPolicy: 'Never',
        volumes: [{ name: 'work', emptyDir: {} }],
        initContainers: [
          shell('sidecar', 'echo sidecar >> /work/order; sleep 1000', {
            restartPolicy: 'Always',
            volumeMounts: [{ name: 'work', mountPath: '/work' }],
            startupProbe: { exec: { command: ['grep', '-q', 'sidecar', '/work/order'] }, periodSeconds: 1 },
          }),
          shell('init', 'echo init >> /work/order', { volumeMounts: [{ name: 'work', mountPath: '/work' }] }),
        ],
        containers: [shell('main', 'cat /work/order', { volumeMounts: [{ name: 'work', mountPath: '/work' }] })],
      }),
    );
    await cluster.waitFor('pod/ordered --for=jsonpath={.status.phase}=Succeeded');
    assert.equal(await cluster.kubectl('logs ordered -c main'), 'sidecar\ninit\n');
  });

  it('restarts a container whose liveness probe fails', async () => {
    await cluster.apply(
      pod('sick', {
        containers: [
          shell('main', 'sleep 1000', {
            livenessProbe: { exec: { command: ['false'] }, periodSeconds: 1, failureThreshold: 1 },
          }),
        ],
      }),
    );
    await cluster.waitFor('pod/sick --for=jsonpath={.status.containerStatuses[0].restartCount}=1');
    await eventually(async () =>
      assert.match(
        await cluster.kubectl('get events --field-selector involvedObject.name=sick'),
        /Unhealthy.*Liveness probe failed[^]*Killing.*failed liveness probe, will be restarted/,
      ),
    );
    await cluster.kubectl('delete pod sick');
  });

  it('gives configuration as environment and as files that follow a change', async () => {
    await cluster.kubectl('create configmap settings --from-literal=colour=red');
    await cluster.kubectl('create secret generic key --from-literal=word=hidden');
    await cluster.apply(
      pod('configured', {
        volumes: [{ name: 'settings', configMap: { name: 'settings' } }],
        containers: [
          shell('main', 'echo $colour $word; sleep 1000', {
            envFrom: [{ configMapRef: { name: 'settings' } }, { secretRef: { name: 'key' } }],
            volumeMounts: [{ name: 'settings', mountPath: '/settings' }],
          }),
        ],
      }),
    );
    await cluster.waitFor('pod/configured --for=condition=Ready');
    assert.equal(await log('configured'), 'red hidden\n');
    assert.equal(await cluster.kubectl('exec configured -- cat /settings/colour'), 'red');
    await cluster.kubectl(['patch', 'configmap', 'settings', '-p', '{"data":{"colour":"green"}}']);
    // A kubelet looks at a pod's volumes once a minute; a change of the pod makes it look at once.
    await cluster.kubectl('annotate pod configured look=now');
    await eventually(async () =>
      assert.equal(await cluster.kubectl('exec configured -- cat /settings/colour'), 'green'),
    );
    await cluster.kubectl('delete pod configured');
  });

  it('limits memory, and says so when a container is killed for it', async () => {
    const limited = { resources: { limits: { memory: '32Mi', cpu: '500m' } } };
    await cluster.apply(
      pod('greedy', {
        restartPolicy: 'Never',
        // A string that doubles until it does not fit.
        containers: [shell('main', 'sleep 2; x=aaaaaaaaaaaaaaaa; while :; do x=$x$x; done', limited)],
      }),
    );
    const uid = await field('pod/greedy', '{.metadata.uid}');
    const cgroups = await eventually(() => {
      const found = globSync([
        `/sys/fs/cgroup/{memory/,}kts/${cluster.name}-1/**/pod${uid}/memory.{max,limit_in_bytes}`,
      ]);
      assert.equal(found.length, 1);
      return found;
    });
    await eventually(
      async () => assert.equal((await readFile(cgroups[0]!, 'utf8')).trim(), String(32 * 1024 * 1024)),
      5000,
    );
    await cluster.waitFor('pod/greedy --for=jsonpath={.status.phase}=Failed');
    assert.equal(await field('pod/greedy', '{.status.containerStatuses[0].state.terminated.reason}'), 'OOMKilled');
  });

  it('limits CPU, and shares it by what was requested', async () => {
    const resources = { requests: { cpu: '250m' }, limits: { cpu: '500m' } };
    await cluster.apply(pod('paced', { containers: [shell('main', 'sleep 1000', { resources })] }));
    await cluster.waitFor('pod/paced --for=condition=Ready');
    const inContainer = (path: string): Promise<string> =>
      cluster.kubectl(['exec', 'paced', '--', 'sh', '-c', `cat ${path}`]);
    if (existsSync('/sys/fs/cgroup/cgroup.controllers')) {
      assert.equal(await inContainer('/sys/fs/cgroup/cpu.max'), '50000 100000\n');
      // Runtimes differ in how they turn 256 shares into a weight: linearly 10, along a curve 35.
      assert.match(await inContainer('/sys/fs/cgroup/cpu.weight'), /^(10|35)\n$/);
    } else {
      assert.equal(await inContainer('/sys/fs/cgroup/cpu/cpu.cfs_quota_us'), '50000\n');
      assert.equal(await inContainer('/sys/fs/cgroup/cpu/cpu.cfs_period_us'), '100000\n');
      assert.equal(await inContainer('/sys/fs/cgroup/cpu/cpu.shares'), '256\n');
    }
    await cluster.kubectl('delete pod paced');
  });

  it('says that an image is missing', async () => {
    await cluster.apply(
      pod('nowhere', { containers: [{ name: 'main', image: 'kts.local/none:v1', imagePullPolicy: 'Never' }] }),
    );
    await cluster.waitFor(
      'pod/nowhere --for=jsonpath={.status.containerStatuses[0].state.waiting.reason}=ErrImageNeverPull',
    );
    await cluster.kubectl('delete pod nowhere');
  });

  it('changes the resources of a container that runs', async () => {
    const resources = { requests: { cpu: '100m', memory: '32Mi' }, limits: { cpu: '200m', memory: '64Mi' } };
    await cluster.apply(pod('growing', { containers: [shell('main', 'sleep 1000', { resources })] }));
    await cluster.waitFor('pod/growing --for=condition=Ready');
    const larger = { requests: { cpu: '200m', memory: '48Mi' }, limits: { cpu: '400m', memory: '96Mi' } };
    const patch = JSON.stringify({ spec: { containers: [{ name: 'main', resources: larger }] } });
    await cluster.kubectl(['patch', 'pod', 'growing', '--subresource', 'resize', '-p', patch]);
    const files = existsSync('/sys/fs/cgroup/cgroup.controllers')
      ? 'cpu.max memory.max'
      : 'cpu/cpu.cfs_quota_us memory/memory.limit_in_bytes';
    await eventually(async () => {
      const limits = await cluster.kubectl(['exec', 'growing', '--', 'sh', '-c', `cd /sys/fs/cgroup; cat ${files}`]);
      assert.match(limits, /^40000( 100000)?\n100663296\n$/);
    });
    const status = '{.status.containerStatuses[0].resources.limits.memory}/{.status.containerStatuses[0].restartCount}';
    await eventually(async () => assert.equal(await field('pod/growing', status), '96Mi/0'));
    await cluster.kubectl('delete pod growing');
  });

  it('says why containers ended, and keeps the log of the one before', async () => {
    await cluster.apply(
      pod('ended', {
        volumes: [{ name: 'work', emptyDir: {} }],
        containers: [
          shell('twice', 'if [ -e /work/ran ]; then echo second; sleep 1000; fi; touch /work/ran; echo first; exit 5', {
            volumeMounts: [{ name: 'work', mountPath: '/work' }],
          }),
          shell(
            'file',
            'if [ -e /work/told ]; then sleep 1000; fi; touch /work/told; echo told > /dev/termination-log; exit 6',
            {
              volumeMounts: [{ name: 'work', mountPath: '/work' }],
            },
          ),
          shell('log', 'if [ -e /work/wrote ]; then sleep 1000; fi; touch /work/wrote; echo wrote; exit 7', {
            terminationMessagePolicy: 'FallbackToLogsOnError',
            volumeMounts: [{ name: 'work', mountPath: '/work' }],
          }),
        ],
      }),
    );
    await cluster.waitFor('pod/ended --for=condition=Ready');
    const last =
      '{range.status.containerStatuses[*]}{.name}/{.lastState.terminated.exitCode}/{.lastState.terminated.message};{end}';
    const ends = (await field('pod/ended', last)).replaceAll('\n', '').split(';').toSorted();
    assert.deepEqual(ends, ['', 'file/6/told', 'log/7/wrote', 'twice/5/']);
    assert.equal(await cluster.kubectl('logs ended -c twice -p'), 'first\n');
    assert.equal(await cluster.kubectl('logs ended -c twice --since=1h --tail=1'), 'second\n');
    await cluster.kubectl('delete pod ended');
  });

  it('lets a container be looked at from another one', async () => {
    await cluster.kubectl([
      'debug',
      'client',
      '--image',
      IMAGE,
      '--target',
      'client',
      '-c',
      'look',
      '--',
      'sh',
      '-c',
      'ps; sleep 1000',
    ]);
    const state = '{.status.ephemeralContainerStatuses[0].state}';
    await eventually(async () => assert.match(await field('pod/client', state), /running/));
    await eventually(async () => assert.match(await cluster.kubectl('logs client -c look'), /httpd -f -p 8080/));
  });

  it('gives a container the time that it wants before it ends', async () => {
    const lifecycle = { preStop: { exec: { command: ['sh', '-c', 'echo stopping > /proc/1/fd/1; sleep 2'] } } };
    const main = shell('main', 'trap "exit 0" TERM; while :; do sleep 1; done', { lifecycle });
    await cluster.apply(pod('polite', { terminationGracePeriodSeconds: 20, containers: [main] }));
    await cluster.waitFor('pod/polite --for=condition=Ready');
    await cluster.kubectl('delete pod polite --wait=false');
    await eventually(async () => assert.match(await log('polite'), /stopping/));
    await cluster.waitFor('pod/polite --for=delete');
  });

  it('shows what it does, through the API server', async () => {
    const node = `/api/v1/nodes/${cluster.state.nodes[0]!.name}/proxy`;
    const raw = (path: string): Promise<string> => cluster.kubectl(`get --raw ${node}${path}`);
    assert.equal(await raw('/healthz'), 'ok');
    assert.match(await raw('/configz'), /"kind":"KubeletConfiguration".*"clusterDomain":"cluster\.local"/);
    assert.match(await raw('/metrics/resource'), /^container_memory_working_set_bytes\{.*pod="client"/m);
    assert.match(await raw('/metrics/cadvisor'), /^container_cpu_usage_seconds_total\{.*pod="client"/m);
    const { pods } = JSON.parse(await raw('/stats/summary')) as { pods: { podRef: { name: string } }[] };
    assert.ok(pods.some(({ podRef }) => podRef.name === 'client'));
    await eventually(async () => {
      assert.match(await cluster.kubectl('top pod client --containers'), /^client +\S+ +\d+m +\d+Mi *$/m);
      assert.match(await cluster.kubectl('top nodes'), / \d+m +\d+% +\d+Mi +\d+% *$/m);
    });
    const proxy = await onNode(cluster, 1, ['busybox', 'wget', '-q', '-O', '-', 'http://127.0.0.1:10256/healthz']);
    assert.match(proxy, /"healthy":true.*"nodeEligible":true/);
  });

  it('leads by another name to where a Service says', async () => {
    await cluster.kubectl('create service externalname alias --external-name=web.default.svc.cluster.local');
    assert.match(await eventually(() => fetchFromPod(cluster, 'client', 'http://alias')), SERVES_V1);
  });

  it('names the pods of a StatefulSet', async () => {
    const app = { app: 'db' };
    await cluster.apply({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'db' },
      spec: { clusterIP: 'None', selector: app, ports: [{ port: 8080 }] },
    });
    await cluster.apply({
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: 'db' },
      spec: {
        replicas: 2,
        serviceName: 'db',
        selector: { matchLabels: app },
        template: { metadata: { labels: app }, spec: { containers: [{ name: 'main', image: IMAGE }] } },
      },
    });
    await cluster.rollout('statefulset/db');
    const answer = await eventually(() => fetchFromPod(cluster, 'client', 'http://db-1.db:8080'));
    assert.equal(answer, 'kts demo v1 on db-1\n');
  });

  it('mounts volumes of a CSI driver', async () => {
    const name = 'disk.kts.local';
    const driver = await startCsiDriver(cluster, name);
    try {
      const node = cluster.state.nodes[0]!.name;
      await eventually(async () => assert.equal(await field(`csinode/${node}`, '{.spec.drivers[0].name}'), name));
      await cluster.apply({
        apiVersion: 'storage.k8s.io/v1',
        kind: 'CSIDriver',
        metadata: { name },
        spec: { attachRequired: false },
      });
      const storage = { accessModes: ['ReadWriteOnce'], storageClassName: '' };
      await cluster.apply({
        apiVersion: 'v1',
        kind: 'PersistentVolume',
        metadata: { name: 'disk' },
        spec: { ...storage, capacity: { storage: '1Gi' }, csi: { driver: name, volumeHandle: 'disk-1' } },
      });
      await cluster.apply({
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: { name: 'disk' },
        spec: { ...storage, volumeName: 'disk', resources: { requests: { storage: '1Gi' } } },
      });
      const mount = { volumeMounts: [{ name: 'data', mountPath: '/data' }] };
      const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'disk' } }];
      for (const pass of ['first', 'second']) {
        const main = shell('main', `cat /data/log; echo ${pass} >> /data/log; sleep 1000`, mount);
        await cluster.apply(pod(`${pass}-writer`, { volumes, containers: [main] }));
        await cluster.waitFor(`pod/${pass}-writer --for=condition=Ready`);
        await cluster.kubectl(`delete pod ${pass}-writer`);
      }
      const once = ['stage disk-1', 'publish disk-1', 'unpublish disk-1', 'unstage disk-1'];
      assert.deepEqual(driver.calls, ['registered', ...once, ...once]);
      assert.equal(await readFile(join(cluster.directory, 'volumes/disk-1/log'), 'utf8'), 'first\nsecond\n');
    } finally {
      driver.close();
    }
  });

  it('gives a container the device of a plugin, and no other', async () => {
    const resource = 'kts.local/device';
    const plugin = await startDevicePlugin(cluster, resource);
    try {
      const node = cluster.state.nodes[0]!.name;
      await eventually(async () =>
        assert.equal(await field(`node/${node}`, '{.status.allocatable.kts\\.local/device}'), '1'),
      );
      const resources = { limits: { [resource]: '1' } };
      const main = shell('main', 'echo $DEVICE; echo gone > /dev/test && ls /dev/test; sleep 1000', { resources });
      await cluster.apply(pod('equipped', { containers: [main] }));
      await cluster.waitFor('pod/equipped --for=condition=Ready');
      await eventually(async () => assert.equal(await log('equipped'), 'first\n/dev/test\n'));
      await cluster.apply(pod('bare', { nodeName: node, containers: [main] }));
      await cluster.waitFor('pod/bare --for=jsonpath={.status.reason}=UnexpectedAdmissionError');
      assert.deepEqual(plugin.calls, ['allocate first']);
      await cluster.kubectl('delete pod equipped bare');
    } finally {
      plugin.close();
    }
  });

  it('opens a port of the node for a pod', async () => {
    const ports = [{ containerPort: 8080, hostPort: 18_080 }];
    await cluster.apply(pod('opened', { containers: [{ name: 'main', image: IMAGE, ports }] }));
    await cluster.waitFor('pod/opened --for=condition=Ready');
    const { address } = cluster.state.nodes[0]!;
    const answer = await eventually(() =>
      onNode(cluster, 1, ['busybox', 'wget', '-q', '-O', '-', `http://${address}:18080`]),
    );
    assert.equal(answer, 'kts demo v1 on opened\n');
    await cluster.kubectl('delete pod opened');
  });

  it('keeps a pod of a DaemonSet, also when it is deleted', async () => {
    const app = { app: 'agent' };
    await cluster.apply({
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata: { name: 'agent' },
      spec: {
        selector: { matchLabels: app },
        template: {
          metadata: { labels: app },
          spec: { terminationGracePeriodSeconds: 1, containers: [{ name: 'main', image: IMAGE }] },
        },
      },
    });
    await cluster.rollout('daemonset/agent');
    const first = await field('pods -l app=agent', '{.items[*].metadata.name}');
    assert.match(await cluster.kubectl(`exec ${first} -- cat /etc/hostname`), /^agent-/);
    await cluster.kubectl(`delete pod ${first}`);
    await eventually(async () => {
      const path = '{.items[?(@.status.containerStatuses[0].ready==true)].metadata.name}';
      assert.match(await field('pods -l app=agent', path), new RegExp(`^(?!${first}$)agent-\\w+$`));
    });
  });

  it('runs a Job to its end, and says when one has failed', async () => {
    await cluster.apply({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'sum' },
      spec: {
        completions: 3,
        parallelism: 2,
        completionMode: 'Indexed',
        template: {
          spec: { restartPolicy: 'OnFailure', containers: [shell('main', 'echo part $JOB_COMPLETION_INDEX')] },
        },
      },
    });
    await cluster.waitFor('job/sum --for=condition=Complete');
    const parts = await cluster.kubectl('logs -l job-name=sum');
    assert.deepEqual(parts.trim().split('\n').toSorted(), ['part 0', 'part 1', 'part 2']);

    await cluster.apply({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'fails' },
      spec: {
        backoffLimit: 0,
        template: { spec: { restartPolicy: 'Never', containers: [shell('main', 'exit 3')] } },
      },
    });
    await cluster.waitFor('job/fails --for=condition=Failed');
    assert.equal(await field('job/fails', '{.status.conditions[?(@.type=="Failed")].reason}'), 'BackoffLimitExceeded');
  });

  it('runs the Job of a CronJob when asked, and by the minute', async () => {
    await cluster.kubectl('create job --from=cronjob/tick now');
    await cluster.waitFor('job/now --for=condition=Complete');
    assert.equal(await cluster.kubectl('logs job/now'), 'tick\n');
    const scheduled = await eventually(async () => {
      const name = await field('jobs', '{.items[?(@.metadata.name!="now")].metadata.name}');
      const ticks = name.split(' ').filter((each) => each.startsWith('tick-'));
      assert.notEqual(ticks.length, 0);
      return ticks[0]!;
    }, 75_000);
    await cluster.waitFor(`job/${scheduled} --for=condition=Complete`);
    assert.equal(await cluster.kubectl(`logs job/${scheduled}`), 'tick\n');
  });
});
