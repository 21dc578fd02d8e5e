/**
 * What expressions cost. `node bench/cel.ts`: time to load, to make an environment, to compile, to estimate and to evaluate
 * the kinds of expressions that policies have, each beside the same test written in JavaScript.
 */
const started = performance.now();
const { createEnvironment, DYN, fromJson } = await import('@kts/cel');
const loaded = performance.now();

/** Long enough for the compiler of JavaScript to have done its work. */
const MEASURE_MS = 500;

interface Container {
  readonly name: string;
  readonly image: string;
  readonly resources?: { readonly limits?: Readonly<Record<string, string>> };
  readonly securityContext?: { readonly privileged?: boolean };
}

const DEPLOYMENT = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'front', namespace: 'web', labels: { app: 'front', 'example.com/team': 'a', tier: '1' } },
  spec: {
    replicas: 3,
    template: {
      spec: {
        containers: Array.from({ length: 10 }, (_, index): Container => ({
          name: `c${index}`,
          image: `registry.example.com/team/app:v1.${index}`,
          resources: { limits: { memory: '256Mi', cpu: '500m' } },
        })),
      },
    },
  },
};
type Deployment = typeof DEPLOYMENT;
const containersOf = (object: Deployment): readonly Container[] => object.spec.template.spec.containers;

const CASES: readonly (readonly [expression: string, baseline: (object: Deployment) => boolean])[] = [
  ['object.spec.replicas <= 5', (object) => object.spec.replicas <= 5],
  [
    "has(object.metadata.labels) && 'example.com/team' in object.metadata.labels",
    (object) => 'labels' in object.metadata && 'example.com/team' in object.metadata.labels,
  ],
  [
    "object.spec.template.spec.containers.all(c, c.image.startsWith('registry.example.com/'))",
    (object) => containersOf(object).every((container) => container.image.startsWith('registry.example.com/')),
  ],
  [
    "object.spec.template.spec.containers.all(c, c.image.matches('^registry[.]example[.]com/[a-z]+/[a-z]+:v[0-9.]+$'))",
    (object) =>
      containersOf(object).every((container) =>
        /^registry[.]example[.]com\/[a-z]+\/[a-z]+:v[0-9.]+$/.test(container.image),
      ),
  ],
  [
    'object.spec.template.spec.containers.all(c, !has(c.securityContext) || !has(c.securityContext.privileged) || c.securityContext.privileged == false)',
    (object) => containersOf(object).every((container) => container.securityContext?.privileged !== true),
  ],
  [
    "object.spec.template.spec.containers.filter(c, has(c.resources)).map(c, quantity(c.resources.limits.memory)).all(q, q.isLessThan(quantity('1Gi')))",
    (object) => containersOf(object).every((container) => container.resources?.limits?.['memory']?.endsWith('Mi')),
  ],
];

console.log(`load ${(loaded - started).toFixed(0)} ms`);
const environment = createEnvironment({ variables: { object: DYN } });
const activation = new Map([['object', fromJson(DEPLOYMENT)]]);
console.log('compile µs   with estimate   evaluate µs   JavaScript µs   ratio   cost   expression');
for (const [expression, baseline] of CASES) {
  const compiled = environment.compile(expression);
  if (!compiled.ok) throw new Error(compiled.message);
  const { program } = compiled;
  const result = program.evaluate(activation);
  if (!result.ok || result.value !== true || !baseline(DEPLOYMENT)) throw new Error(`${expression} is not true`);
  const compile = microseconds(() => environment.compile(expression));
  const estimate = microseconds(() => {
    const again = environment.compile(expression);
    return again.ok && again.program.cost;
  });
  const evaluate = microseconds(() => program.evaluate(activation));
  const javascript = microseconds(() => baseline(DEPLOYMENT));
  const columns = [
    compile.toFixed(1).padStart(10),
    estimate.toFixed(1).padStart(15),
    evaluate.toFixed(2).padStart(13),
    javascript.toFixed(3).padStart(15),
    `${(evaluate / javascript).toFixed(0)}x`.padStart(7),
    String(result.cost).padStart(6),
  ];
  console.log(`${columns.join(' ')}   ${expression}`);
}

/** The time of one call, when it is called again and again. */
function microseconds(run: () => unknown): number {
  let calls = 0;
  const from = performance.now();
  let until = from;
  for (; until - from < MEASURE_MS; until = performance.now()) {
    for (let index = 0; index < 100; index++) run();
    calls += 100;
  }
  return ((until - from) * 1000) / calls;
}
