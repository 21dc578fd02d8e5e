import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { runCommand } from '@kts/host-linux';
import fc from 'fast-check';

import type { ServiceRoute } from '../service-routes.ts';
import { planRemoval, planTransaction } from './nft-transaction.ts';
import { computeRuleset, type Ruleset } from './ruleset.ts';

const TRAFFIC = {
  fromPods: { by: 'address', ranges: ['10.244.0.0/16'] },
  nodePortRanges: [],
  serviceRanges: [],
} as const;

function route(fields: Partial<ServiceRoute> = {}): ServiceRoute {
  const name = fields.name ?? 'web';
  const backends = [
    { ip: '10.244.0.5', port: 8080 },
    { ip: '10.244.1.7', port: 8080 },
  ];
  return {
    id: `default/${name}:http/tcp`,
    namespace: 'default',
    name,
    portName: 'http',
    protocol: 'TCP',
    clusterIP: '10.96.0.5',
    port: 80,
    nodePort: 0,
    externalIPs: [],
    loadBalancerIPs: [],
    sourceRanges: [],
    clusterBackends: backends,
    externalBackends: backends,
    insideBackends: backends,
    servingBackends: backends,
    keepsClientAddress: false,
    hasAnyBackend: true,
    affinitySeconds: 0,
    ...fields,
  };
}

const ruleset = (...routes: readonly ServiceRoute[]): Ruleset => computeRuleset(routes, { family: 'IPv4' }, TRAFFIC);

describe('planTransaction', () => {
  it('nothing changed: nothing to do', () => {
    assert.equal(planTransaction(ruleset(route()), ruleset(route())), '');
  });

  it('an endpoint that comes or goes changes the rules of its Service only', () => {
    const after_ = ruleset(route({ clusterBackends: [{ ip: '10.244.0.5', port: 8080 }] }));
    const lines = planTransaction(ruleset(route()), after_).trim().split('\n');
    assert.deepEqual(
      lines.map((line) => line.split(' ').slice(0, 2).join(' ')),
      ['delete element', 'flush chain', 'add rule', 'add rule'],
    );
  });

  it('a Service without endpoints moves from one map to the other', () => {
    const text = planTransaction(ruleset(route()), ruleset(route({ clusterBackends: [], hasAnyBackend: false })));
    assert.match(text, /delete element ip kube-proxy service-ips \{ 10\.96\.0\.5 \. tcp \. 80 : goto service-/);
    assert.match(
      text,
      /add element ip kube-proxy no-endpoint-services \{ 10\.96\.0\.5 \. tcp \. 80 : goto reject-chain \}/,
    );
    assert.match(text, /delete chain ip kube-proxy service-/);
  });

  it('affinity sets survive every change that still wants them', () => {
    const sticky = { affinitySeconds: 60 };
    const text = planTransaction(ruleset(route(sticky)), ruleset(route({ ...sticky, nodePort: 30080 })));
    assert.doesNotMatch(text, /delete set/);
  });
});

const isRoot = process.platform === 'linux' && process.getuid?.() === 0;
const NAMESPACE = `kts-nft-${process.pid}`;

/** Runs against the kernel: what a transaction leaves behind must be what a fresh table would have. */
describe('transactions in the kernel', { skip: isRoot ? false : 'needs root on Linux' }, () => {
  const nft = (command: readonly string[], input = ''): Promise<string> =>
    runCommand(['nft', ...command], { networkNamespace: `/run/netns/${NAMESPACE}`, input });
  const apply = async (text: string): Promise<void> => void (text && (await nft(['-f', '-'], text)));
  /** The kernel's table, with what has no order sorted. */
  const table = async (): Promise<unknown> => {
    const listing = JSON.parse(await nft(['-j', 'list', 'table', 'ip', 'kube-proxy'])) as {
      nftables: Record<string, Record<string, unknown>>[];
    };
    const texts = listing.nftables.map((entry) => {
      const [kind, body] = Object.entries(entry)[0]!;
      const { handle: _handle, elem, ...rest } = body;
      const elements = Array.isArray(elem) ? elem.map((each) => JSON.stringify(each)).toSorted() : elem;
      return JSON.stringify({ kind, ...rest, elements });
    });
    // Rules keep their order within their chain; the order of chains and sets says nothing.
    const chainOf = (text: string): string => (JSON.parse(text) as { chain?: string }).chain ?? '';
    return Object.groupBy(
      texts
        .filter((text) => text.includes('"rule"') || text)
        .toSorted((a, b) => (chainOf(a) && chainOf(a) === chainOf(b) ? 0 : a < b ? -1 : 1)),
      chainOf,
    );
  };

  before(() => runCommand(['ip', 'netns', 'add', NAMESPACE]));
  after(() => runCommand(['ip', 'netns', 'delete', NAMESPACE]));

  const backend = fc.record({
    ip: fc.integer({ min: 1, max: 4 }).map((n) => `10.244.0.${n}`),
    port: fc.constant(8080),
  });
  const backends = fc.uniqueArray(backend, { maxLength: 3, selector: (each) => each.ip });
  const routes = fc.uniqueArray(
    fc.record({
      number: fc.integer({ min: 1, max: 4 }),
      clusterBackends: backends,
      externalBackends: backends,
      insideBackends: backends,
      nodePort: fc.boolean(),
      affinitySeconds: fc.constantFrom(0, 60),
      externalIPs: fc.constantFrom([], ['203.0.113.7']),
      loadBalancerIPs: fc.constantFrom([], ['203.0.113.9']),
      sourceRanges: fc.constantFrom([], ['198.51.100.0/24']),
      keepsClientAddress: fc.boolean(),
    }),
    { maxLength: 4, selector: (each) => each.number },
  );
  const toRoutes = (list: typeof routes extends fc.Arbitrary<infer T> ? T : never): readonly ServiceRoute[] =>
    list.map(({ number, nodePort, ...fields }) =>
      route({
        ...fields,
        name: `web-${number}`,
        clusterIP: `10.96.0.${number}`,
        port: 80 + number,
        nodePort: nodePort ? 30_000 + number : 0,
        hasAnyBackend: fields.insideBackends.length > 0,
      }),
    );

  it('any change leaves what a fresh table would have', async () => {
    await fc.assert(
      fc.asyncProperty(routes, routes, async (first, second) => {
        const [from, to] = [ruleset(...toRoutes(first)), ruleset(...toRoutes(second))];
        await apply(planTransaction(undefined, from));
        await apply(planTransaction(from, to));
        const changed = await table();
        await apply(planTransaction(undefined, to));
        assert.deepEqual(changed, await table());
      }),
      { numRuns: 25 },
    );
  });

  it('removal leaves nothing, and may be repeated', async () => {
    await apply(planTransaction(undefined, ruleset(route())));
    await apply(planRemoval('IPv4'));
    await apply(planRemoval('IPv4'));
    assert.doesNotMatch(await nft(['list', 'tables']), /kube-proxy/);
  });

  it('IPv6 rules are accepted too', async () => {
    const v6 = route({
      clusterIP: 'fd00:96::5',
      clusterBackends: [{ ip: 'fd00:244::5', port: 80 }],
      externalBackends: [{ ip: 'fd00:244::5', port: 80 }],
      nodePort: 30_080,
      affinitySeconds: 30,
    });
    const rules = computeRuleset(
      [v6],
      { family: 'IPv6' },
      { fromPods: { by: 'address', ranges: ['fd00:244::/64'] }, nodePortRanges: [], serviceRanges: [] },
    );
    await apply(planTransaction(undefined, rules));
    await apply(
      planTransaction(
        undefined,
        computeRuleset([{ ...v6, affinitySeconds: 0 }], { family: 'IPv6' }, { nodePortRanges: [], serviceRanges: [] }),
      ),
    );
    await apply(planRemoval('IPv6'));
  });
});
