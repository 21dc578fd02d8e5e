import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import fc from 'fast-check';

import { decodeJson } from './decode-json.ts';
import { canonicalObject, decodeObject } from './decode-object.ts';
import { deepFreeze } from './deep-equal.ts';
import { parseMerging } from './json-scan.ts';
import { formatJson, parseJson, parseJsonStrict } from './strict-json.ts';
import { configMapSchema, deploymentSchema, podSchema } from './testing/schema-builder.ts';

const podText = (spec: string, metadata = '{}'): string =>
  `{"kind":"Pod","apiVersion":"v1","metadata":${metadata},"spec":${spec},"status":{}}`;
const specOf = (spec: string): unknown => (decodeJson(podSchema, podText(spec)).object['spec'] as object) ?? {};

describe('decodeJson prints what Go prints', () => {
  const specs: [input: string, printed: string][] = [
    ['{}', '{"containers":null}'],
    ['{"containers":[]}', '{"containers":null}'],
    ['{"containers":[{}]}', '{"containers":[{"name":"","resources":{}}]}'],
    ['{"containers":[null]}', '{"containers":[{"name":"","resources":{}}]}'],
    ['{"hostNetwork":false,"containers":null}', '{"containers":null}'],
    ['{"terminationGracePeriodSeconds":0}', '{"containers":null,"terminationGracePeriodSeconds":0}'],
    ['{"nodeSelector":{}}', '{"containers":null}'],
    ['{"nodeSelector":{"b":"1","a":null}}', '{"containers":null,"nodeSelector":{"a":"","b":"1"}}'],
    [
      '{"restartPolicy":"Never","volumes":[{"emptyDir":{},"name":"a"}]}',
      '{"volumes":[{"name":"a","emptyDir":{}}],"containers":null,"restartPolicy":"Never"}',
    ],
    [
      '{"containers":[{"name":"a","resources":{"limits":{"memory":"1024Mi","cpu":0.5}}}]}',
      '{"containers":[{"name":"a","resources":{"limits":{"cpu":"500m","memory":"1Gi"}}}]}',
    ],
    [
      '{"containers":null,"volumes":[{"name":"a","emptyDir":{"sizeLimit":"0.5Gi"}}]}',
      '{"volumes":[{"name":"a","emptyDir":{"sizeLimit":"512Mi"}}],"containers":null}',
    ],
  ];
  for (const [input, printed] of specs) {
    test(input, () => assert.equal(JSON.stringify(specOf(input)), printed));
  }

  test('times', () => {
    const metadata = (input: string): string =>
      JSON.stringify(decodeJson(podSchema, podText('{}', input)).object['metadata']);
    assert.equal(metadata('{"creationTimestamp":null}'), '{}');
    assert.equal(metadata('{"creationTimestamp":"0001-01-01T00:00:00Z"}'), '{}');
    assert.equal(
      metadata('{"creationTimestamp":"2026-01-01T01:00:00.5+01:00"}'),
      '{"creationTimestamp":"2026-01-01T00:00:00Z"}',
    );
  });

  test('a pointer that is always printed is null', () => {
    const { object } = decodeJson(deploymentSchema, '{"metadata":{}}');
    assert.equal(
      JSON.stringify(object['spec']),
      '{"selector":null,"template":{"metadata":{},"spec":{"containers":null}},"strategy":{}}',
    );
  });

  test('bytes are printed as standard base64', () => {
    const { object, error } = decodeJson(configMapSchema, '{"binaryData":{"a":"YQ==","b":"YR==","c":""}}');
    assert.equal(error, undefined);
    assert.deepEqual(object['binaryData'], { a: 'YQ==', b: 'YQ==', c: '' });
  });

  test('special characters of HTML are escaped', () =>
    assert.equal(formatJson({ a: '<&>\u2028' }), String.raw`{"a":"\u003c\u0026\u003e\u2028"}`));
});

describe('decodeJson refuses', () => {
  const structField = (field: string): string => `into Go struct field ${field} of type`;
  const rows: [spec: string, message: string][] = [
    ['[]', `json: cannot unmarshal array ${structField('Pod.spec')} v1.PodSpec`],
    ['{"containers":{}}', `json: cannot unmarshal object ${structField('PodSpec.spec.containers')} []v1.Container`],
    ['{"containers":["a"]}', `json: cannot unmarshal string ${structField('PodSpec.spec.containers')} v1.Container`],
    [
      '{"containers":[{"name":5}]}',
      `json: cannot unmarshal number ${structField('Container.spec.containers.name')} string`,
    ],
    [
      '{"restartPolicy":1}',
      `json: cannot unmarshal number ${structField('PodSpec.spec.restartPolicy')} v1.RestartPolicy`,
    ],
    ['{"hostNetwork":"yes"}', `json: cannot unmarshal string ${structField('PodSpec.spec.hostNetwork')} bool`],
    ['{"nodeSelector":{"a":true}}', `json: cannot unmarshal bool ${structField('PodSpec.spec.nodeSelector')} string`],
    [
      '{"terminationGracePeriodSeconds":1.0}',
      `json: cannot unmarshal number 1.0 ${structField('PodSpec.spec.terminationGracePeriodSeconds')} int64`,
    ],
    [
      '{"terminationGracePeriodSeconds":9223372036854775808}',
      `json: cannot unmarshal number 9223372036854775808 ${structField('PodSpec.spec.terminationGracePeriodSeconds')} int64`,
    ],
    [
      '{"supplementalGroups":[1, 1e2]}',
      `json: cannot unmarshal number 1e2 ${structField('PodSpec.spec.supplementalGroups')} int64`,
    ],
    [
      '{"containers":[{"ports":[{"containerPort":3000000000}]}]}',
      `json: cannot unmarshal number 3000000000 ${structField('ContainerPort.spec.containers.ports.containerPort')} int32`,
    ],
    [
      '{"volumes":[{"emptyDir":1}]}',
      `json: cannot unmarshal number ${structField('Volume.spec.volumes.VolumeSource.emptyDir')} v1.EmptyDirVolumeSource`,
    ],
    [
      '{"hostNetwork":1,"containers":[{"resources":{"limits":{"cpu":"x"}}}]}',
      "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
    ],
  ];
  for (const [spec, message] of rows) {
    test(spec, () => assert.equal(decodeJson(podSchema, podText(spec)).error, message));
  }

  test('a time of the wrong type', () => {
    assert.equal(
      decodeJson(podSchema, podText('{}', '{"creationTimestamp":5}')).error,
      'json: cannot unmarshal number into Go struct field ObjectMeta.metadata.creationTimestamp of type string',
    );
  });

  test('what is no base64', () => {
    const positions: [text: string, position: number][] = [
      ['*', 0],
      ['YQ=', 3],
      ['YWJ*', 3],
      ['YWJjZ', 4],
    ];
    for (const [text, position] of positions) {
      const { error } = decodeJson(configMapSchema, JSON.stringify({ binaryData: { a: text } }));
      assert.equal(error, `illegal base64 data at input byte ${position}`, text);
    }
  });
});

describe('strict decoding', () => {
  const rows: [text: string, errors: readonly string[]][] = [
    [podText('{"containers":[{"name":"a","command":[":"],"image":":x\\":"}]}'), []],
    [
      podText('{"containers":[{"name":"a","foo":1,"bar":{"x":1,"x":2}}]}'),
      ['unknown field "spec.containers[0].foo"', 'unknown field "spec.containers[0].bar"'],
    ],
    [podText('{"hostNetwork":true,"hostNetwork":true}'), ['duplicate field "spec.hostNetwork"']],
    [
      podText('{"a":1,"nodeSelector":{"x":"1","x":"2"},"Containers":1}'),
      ['unknown field "spec.a"', 'duplicate field "spec.nodeSelector.x"', 'unknown field "spec.Containers"'],
    ],
    [podText('{}', '{"managedFields":[{"fieldsV1":{"f:a":1,"f:a":2}}]}'), []],
    [`${podText('{}').slice(0, -1)} , "spec" : {} }`, ['duplicate field "spec"']],
  ];
  for (const [text, errors] of rows) {
    test(text.slice(47, 110), () => {
      assert.deepEqual(decodeJson(podSchema, text, { strict: true }).strictErrors, errors);
      assert.deepEqual(decodeJson(podSchema, text).strictErrors, []);
    });
  }
});

describe('decodeObject', () => {
  test('makes a new object of one that is not owned', () => {
    const input = deepFreeze(JSON.parse(podText('{"containers":[{"name":"a","resources":{}}]}')) as object);
    const { object } = decodeObject(podSchema, input);
    assert.deepEqual(object, input);
    assert.notEqual(object['spec'], (input as { spec: object }).spec);
  });

  test('takes over what is owned and canonical', () => {
    const input = JSON.parse(podText('{"containers":[{"name":"a","resources":{}}]}')) as object;
    assert.equal(decodeObject(podSchema, input, { owned: true }).object, input);
  });

  test('orders fields and drops empty ones after a change', () => {
    const object = {
      spec: { hostNetwork: false, containers: [{ resources: {}, name: 'a' }] },
      metadata: {},
      kind: 'Pod',
    };
    assert.equal(
      JSON.stringify(canonicalObject(podSchema, object)),
      '{"kind":"Pod","metadata":{},"spec":{"containers":[{"name":"a","resources":{}}]},"status":{}}',
    );
  });

  test('is idempotent, owned or not', () => {
    const value = fc.oneof(fc.constant(null), fc.constantFrom('', 'a'), fc.constant({}), fc.constant([]));
    const spec = fc.record(
      {
        hostNetwork: fc.constantFrom(true, false, null),
        nodeSelector: fc.dictionary(fc.string(), fc.constantFrom('', 'x', null)),
        containers: fc.array(
          fc.record({ name: fc.string(), image: fc.string(), stdin: fc.boolean() }, { requiredKeys: [] }),
        ),
        extra: value,
        restartPolicy: fc.string(),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(spec, (input) => {
        const text = JSON.stringify({ spec: input, kind: 'Pod' });
        const once = JSON.stringify(decodeJson(podSchema, text).object);
        assert.equal(JSON.stringify(decodeJson(podSchema, once, { strict: true }).object), once);
        assert.equal(JSON.stringify(decodeObject(podSchema, JSON.parse(text)).object), once);
      }),
    );
  });
});

describe('JSON text', () => {
  const errors: [text: string, message: string][] = [
    ['', 'unexpected end of JSON input'],
    ['{', 'unexpected end of JSON input'],
    ['{"a":1', 'unexpected end of JSON input'],
    ['x', "invalid character 'x' looking for beginning of value"],
    ["{'a':1}", String.raw`invalid character '\'' looking for beginning of object key string`],
    ['{"a":1,}', "invalid character '}' looking for beginning of object key string"],
    ['{"a" 1}', "invalid character '1' after object key"],
    ['{"a":1 "b"}', `invalid character '"' after object key:value pair`],
    ['[1 2]', "invalid character '2' after array element"],
    ['{} {}', "invalid character '{' after top-level value"],
    ['"a\nb"', String.raw`invalid character '\n' in string literal`],
    [String.raw`"\x"`, "invalid character 'x' in string escape code"],
    ['trup', "invalid character 'p' in literal true (expecting 'e')"],
    ['01', "invalid character '1' after top-level value"],
    ['1.x', "invalid character 'x' after decimal point in numeric literal"],
    ['\u{feff}{}', "invalid character 'ï' looking for beginning of value"],
  ];
  for (const [text, message] of errors) {
    test(`refuses ${JSON.stringify(text)}`, () =>
      assert.throws(() => parseJson(text), { name: 'JsonSyntaxError', message }));
  }

  const merges: readonly (readonly [text: string, value: unknown])[] = [
    ['{"a":{"b":1},"a":{"c":2}}', { a: { b: 1, c: 2 } }],
    ['{"a":{"b":1},"a":{}}', { a: { b: 1 } }],
    ['{"a":[{"b":1},2],"a":[{"c":2}]}', { a: [{ b: 1, c: 2 }] }],
    ['{"a":{"b":1},"a":null}', { a: null }],
    ['{"a":1,"a":"b"}', { a: 'b' }],
    ['{"a":1,"a":null}', { a: 1 }],
  ];
  for (const [text, value] of merges) test(`merges ${text}`, () => assert.deepEqual(parseMerging(text), value));

  test('reports members that occur twice', () => {
    assert.deepEqual(parseJsonStrict('{"a":{"b":1,"b":2},"l":[{"c":":","c":1}],"a":3}').duplicates, [
      'a.b',
      'l[0].c',
      'a',
    ]);
  });

  test('finds no duplicates where there are none', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.boolean(), (value, pretty) => {
        const { duplicates } = parseJsonStrict(JSON.stringify(value, null, pretty ? 2 : 0));
        assert.deepEqual(duplicates, []);
      }),
    );
  });
});
