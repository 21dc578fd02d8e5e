/** kubectl against the API server alone: nothing else changes objects, so every answer is exact. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { startTestCluster, type TestCluster } from './harness/cluster.ts';

const DEPLOYMENT = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: demo, image: 'kts.local/demo:v1'}
`;

describe('kubectl and the API server', () => {
  let cluster: TestCluster;
  before(async () => {
    cluster = await startTestCluster('--components apiserver');
  });
  after(() => cluster.remove());

  const imageOf = (deployment: string): Promise<string> =>
    cluster.kubectl(`get deployment ${deployment} -o jsonpath={.spec.template.spec.containers[0].image}`);

  /** Asserts that a manifest is refused with this message, and that nothing of it is stored. */
  async function refused(manifest: string, message: RegExp, flags = ''): Promise<void> {
    const { code, stderr } = await cluster.tryKubectl(`create ${flags} -f -`, { input: manifest });
    assert.equal(code, 1);
    assert.match(stderr, message);
    const names = await cluster.kubectl('get deployments,configmaps -o name');
    assert.doesNotMatch(names, /bad/);
  }

  it('answers for its health and its version', async () => {
    for (const path of ['/livez', '/readyz', '/healthz'])
      assert.equal(await cluster.kubectl(`get --raw ${path}`), 'ok');
    assert.match(await cluster.kubectl('version'), /Server Version: v1\.36\./);
  });

  it('tells which resources there are', async () => {
    const resources = await cluster.kubectl('api-resources -o name');
    for (const name of ['configmaps', 'deployments.apps', 'cronjobs.batch', 'clusterroles.rbac.authorization.k8s.io'])
      assert.match(resources, new RegExp(`^${name}$`, 'm'));
    assert.match(await cluster.kubectl('api-versions'), /^apps\/v1$/m);
  });

  it('creates, gets and deletes', async () => {
    assert.equal(
      await cluster.kubectl('create configmap colours --from-literal=sky=blue'),
      'configmap/colours created\n',
    );
    assert.match(await cluster.kubectl('get configmap colours'), /^NAME +DATA +AGE\ncolours +1 +/);
    assert.equal(await cluster.kubectl('get configmap colours -o jsonpath={.data.sky}'), 'blue');
    assert.match(
      (await cluster.tryKubectl('create configmap colours')).stderr,
      /error: failed to create configmap: configmaps "colours" already exists/,
    );
    assert.equal(
      await cluster.kubectl('delete configmap colours'),
      'configmap "colours" deleted from default namespace\n',
    );
    assert.match(
      (await cluster.tryKubectl('get configmap colours')).stderr,
      /Error from server \(NotFound\): configmaps "colours" not found/,
    );
  });

  it('applies a manifest, again, and changed', async () => {
    assert.match(await cluster.apply(DEPLOYMENT), /deployment.apps\/web created/);
    assert.match(await cluster.apply(DEPLOYMENT), /deployment.apps\/web unchanged/);
    assert.match(await cluster.apply(DEPLOYMENT.replace(':v1', ':v2')), /deployment.apps\/web configured/);
    assert.equal(await imageOf('web'), 'kts.local/demo:v2');
  });

  it('shows the difference before it is applied, and changes nothing by that', async () => {
    await cluster.apply(DEPLOYMENT);
    const { code, stdout } = await cluster.tryKubectl('diff -f -', { input: DEPLOYMENT.replace(':v1', ':v3') });
    assert.equal(code, 1);
    assert.match(stdout, /^- +- image: kts.local\/demo:v1\n\+ +- image: kts.local\/demo:v3$/m);
    assert.equal(await imageOf('web'), 'kts.local/demo:v1');
    assert.equal((await cluster.tryKubectl('diff -f -', { input: DEPLOYMENT })).code, 0);
  });

  it('applies on the server, and names the owner of a field in a conflict', async () => {
    const manifest = (replicas: number): string =>
      DEPLOYMENT.replaceAll('web', 'owned').replace('replicas: 2', `replicas: ${replicas}`);
    await cluster.apply(manifest(2), '--server-side --field-manager=first');
    await assert.rejects(
      cluster.apply(manifest(5), '--server-side --field-manager=second'),
      /conflict with "first": \.spec\.replicas/,
    );
    await cluster.apply(manifest(5), '--server-side --field-manager=second --force-conflicts');
    assert.equal(await cluster.kubectl('get deployment owned -o jsonpath={.spec.replicas}'), '5');
  });

  it('creates nothing in a dry run', async () => {
    const manifest = DEPLOYMENT.replaceAll('web', 'dry');
    assert.match(await cluster.apply(manifest, '--dry-run=server'), /created \(server dry run\)/);
    assert.match((await cluster.tryKubectl('get deployment dry')).stderr, /NotFound/);
  });

  it('labels, annotates, patches and scales', async () => {
    await cluster.apply(DEPLOYMENT);
    await cluster.kubectl('label deployment web tier=front');
    await cluster.kubectl('annotate deployment web note=here');
    await cluster.kubectl([
      'patch',
      'deployment',
      'web',
      '--type=json',
      '-p',
      '[{"op":"remove","path":"/metadata/labels/app"}]',
    ]);
    await cluster.kubectl([
      'patch',
      'deployment',
      'web',
      '-p',
      '{"spec":{"template":{"spec":{"containers":[{"name":"demo","tty":true}]}}}}',
    ]);
    await cluster.kubectl('scale deployment web --replicas=4');
    const fields =
      '{.metadata.labels}{.metadata.annotations.note}{.spec.replicas}{.spec.template.spec.containers[0].tty}';
    assert.equal(await cluster.kubectl(`get deployment web -o jsonpath=${fields}`), '{"tier":"front"}here4true');
    assert.equal(await cluster.kubectl('get deployment -l tier=front -o name'), 'deployment.apps/web\n');
    assert.equal(
      await cluster.kubectl('get deployment --field-selector metadata.name=web -o name'),
      'deployment.apps/web\n',
    );
  });

  it('refuses a change to an object that has changed since', async () => {
    await cluster.apply(DEPLOYMENT);
    const old = await cluster.get<{ metadata: object }>('deployment web');
    await cluster.kubectl('annotate deployment web --overwrite note=changed');
    await assert.rejects(
      cluster.kubectl('replace -f -', { input: JSON.stringify(old) }),
      /Conflict.*the object has been modified; please apply your changes to the latest version and try again/,
    );
  });

  it('explains fields and describes objects', async () => {
    assert.match(await cluster.kubectl('explain pod.spec.containers.image'), /FIELD: image <string>/);
    assert.match(await cluster.kubectl('explain deployments'), /GROUP: +apps\nKIND: +Deployment\nVERSION: +v1/);
    await cluster.apply(DEPLOYMENT);
    assert.match(await cluster.kubectl('describe deployment web'), /^Selector: +app=web$/m);
  });

  it('waits for a deletion', async () => {
    await cluster.kubectl('create configmap waiting');
    const waiting = cluster.waitFor('configmap/waiting --for=delete');
    await cluster.kubectl('delete configmap waiting');
    await waiting;
  });

  it('refuses a wrong type with its path', () =>
    refused(
      DEPLOYMENT.replaceAll('web', 'bad').replace('replicas: 2', 'replicas: two'),
      /json: cannot unmarshal string into Go struct field DeploymentSpec\.spec\.replicas of type int32/,
      '--validate=false',
    ));

  it('refuses an unknown field, and warns of it if that is asked for', async () => {
    const manifest = DEPLOYMENT.replaceAll('web', 'bad').replace('replicas: 2', 'replicass: 2');
    await refused(manifest, /strict decoding error: unknown field "spec\.replicass"/);
    const { stderr } = await cluster.tryKubectl('create --dry-run=server --validate=warn -f -', { input: manifest });
    assert.match(stderr, /Warning: unknown field "spec\.replicass"/);
  });

  it('refuses invalid values with reason and path', () =>
    refused(
      DEPLOYMENT.replaceAll('web', 'bad').replace('replicas: 2', 'replicas: -1'),
      /The Deployment "bad" is invalid: spec\.replicas: Invalid value: -1: must be greater than or equal to 0/,
    ));

  it('refuses what is no manifest at all', () => refused('kind: [', /error (parsing|converting)|yaml:/));

  it('keeps others out', async () => {
    const { stderr, code } = await cluster.tryKubectl('auth can-i create deployments --as=somebody');
    assert.equal(code, 1, stderr);
    assert.match(
      (await cluster.tryKubectl('get secrets --as=somebody')).stderr,
      /Error from server \(Forbidden\): secrets is forbidden: User "somebody" cannot list resource "secrets" in API group "" in the namespace "default"/,
    );
    await cluster.kubectl('create role reader --verb=list --resource=secrets');
    await cluster.kubectl('create rolebinding reader --role=reader --user=somebody');
    await cluster.kubectl('get secrets --as=somebody');
  });

  it('serves a custom resource as soon as it is established', async () => {
    await cluster.apply(`
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: ships.e2e.kts.dev}
spec:
  group: e2e.kts.dev
  scope: Namespaced
  names: {plural: ships, singular: ship, kind: Ship}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec: {type: object, properties: {masts: {type: integer, minimum: 1}}}
`);
    await cluster.waitFor('crd/ships.e2e.kts.dev --for=condition=Established');
    const ship = (name: string, masts: number): object => ({
      apiVersion: 'e2e.kts.dev/v1',
      kind: 'Ship',
      metadata: { name },
      spec: { masts },
    });
    await cluster.apply(ship('pinta', 3));
    assert.equal(await cluster.kubectl('get ship pinta -o jsonpath={.spec.masts}'), '3');
    await cluster.apply(ship('pinta', 2));
    assert.equal(await cluster.kubectl('get ship pinta -o jsonpath={.spec.masts}'), '2');
    await assert.rejects(cluster.apply(ship('raft', 0)), /spec\.masts in body should be greater than or equal to 1/);
  });
});
