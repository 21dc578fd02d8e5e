import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decodeObject } from '@kts/apimachinery';
import { schemaOf } from './schema-registry.ts';

const API = 'io.k8s.api';

/** [type, value, found, field, Go's type of it] */
const ROWS: readonly (readonly [string, object, string, string, string])[] = [
  ['core.v1.Service', { spec: { type: [] } }, 'array', 'ServiceSpec.spec.type', 'v1.ServiceType'],
  ['core.v1.Service', { spec: { ports: {} } }, 'object', 'ServiceSpec.spec.ports', '[]v1.ServicePort'],
  ['core.v1.Service', { spec: { ipFamilies: [1] } }, 'number', 'ServiceSpec.spec.ipFamilies', 'v1.IPFamily'],
  ['core.v1.Service', { spec: { ipFamilies: 'x' } }, 'string', 'ServiceSpec.spec.ipFamilies', '[]v1.IPFamily'],
  ['core.v1.Service', { spec: { externalIPs: 'x' } }, 'string', 'ServiceSpec.spec.externalIPs', '[]string'],
  ['core.v1.Service', { spec: { selector: 'x' } }, 'string', 'ServiceSpec.spec.selector', 'map[string]string'],
  [
    'core.v1.PersistentVolume',
    { spec: { capacity: 1 } },
    'number',
    'PersistentVolumeSpec.spec.capacity',
    'v1.ResourceList',
  ],
  ['core.v1.Secret', { type: true }, 'bool', 'Secret.type', 'v1.SecretType'],
  ['core.v1.Secret', { data: { a: [256] } }, 'number 256', 'Secret.data', 'uint8'],
  ['core.v1.Secret', { data: [] }, 'array', 'Secret.data', 'map[string][]uint8'],
  ['core.v1.ConfigMap', { metadata: { uid: 1 } }, 'number', 'ObjectMeta.metadata.uid', 'types.UID'],
  [
    'resource.v1.ResourceSlice',
    { spec: { devices: [{ attributes: [] }] } },
    'array',
    'Device.spec.devices.attributes',
    'map[v1.QualifiedName]v1.DeviceAttribute',
  ],
  [
    'authorization.v1.SubjectAccessReview',
    { spec: { extra: { a: 1 } } },
    'number',
    'SubjectAccessReviewSpec.spec.extra',
    'v1.ExtraValue',
  ],
  [
    'networking.v1.Ingress',
    { spec: { rules: [{ http: { paths: [{ pathType: 1 }] } }] } },
    'number',
    'HTTPIngressPath.spec.rules.IngressRuleValue.http.paths.pathType',
    'v1.PathType',
  ],
];

describe("what does not fit a field is named in Go's words", () => {
  for (const [type, value, found, field, goType] of ROWS) {
    test(`${field} of ${type}`, () => {
      const { error } = decodeObject(schemaOf(`${API}.${type}`), value);
      assert.equal(error, `json: cannot unmarshal ${found} into Go struct field ${field} of type ${goType}`);
    });
  }
});
