/**
 * What a DELETE says in its body.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/endpoints/handlers/delete.go over
 * staging/src/k8s.io/apimachinery/pkg/apis/meta/internalversion/scheme (v1.36)
 */
import {
  badRequest,
  decodeJson,
  decodeObject,
  decodeProtobuf,
  encodeJson,
  JsonSyntaxError,
  parseJson,
  parseYaml,
  ProtoError,
  unwrapUnknown,
  YamlError,
  goQuote,
  type DeleteOptions,
} from '@kts/apimachinery';
import { schemaOf } from '@kts/api';

import type { ApiServerRequest } from '../request.ts';
import { checkBodyType, mediaTypeOf, NO_KIND, NotAnObject, typeMetaOf } from './decode-body.ts';
import type { TypeMeta } from './kind-mismatch.ts';

const META_V1 = 'meta.k8s.io/v1';
const SCHEME = 'k8s.io/apimachinery/pkg/apis/meta/internalversion/scheme/register.go:27';

/** Kinds that the decoder knows in every version. */
const UNVERSIONED: ReadonlySet<string> = new Set([
  'APIGroup',
  'APIGroupList',
  'APIResourceList',
  'APIVersions',
  'CreateOptions',
  'Status',
  'UpdateOptions',
]);
/** And those of its own version. */
const VERSIONED: ReadonlySet<string> = new Set([
  'GetOptions',
  'ListOptions',
  'PartialObjectMetadata',
  'PartialObjectMetadataList',
  'PatchOptions',
  'Table',
  'TableOptions',
  'WatchEvent',
]);

/** The body of a DELETE; undefined if there is none. Throws BadRequest and UnsupportedMediaType. */
export async function decodeDeleteOptions(request: ApiServerRequest): Promise<DeleteOptions | undefined> {
  const body = await request.readBody();
  if (!body || (body.kind === 'bytes' && body.bytes.length === 0)) return undefined;
  const schema = schemaOf('io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions');
  if (body.kind === 'object') return decodeObject(schema, body.object).object as DeleteOptions;
  checkBodyType(request);
  try {
    const type = mediaTypeOf(body.contentType);
    if (type === 'application/vnd.kubernetes.protobuf') {
      const { apiVersion, kind, raw } = unwrapUnknown(body.bytes);
      checkKind({ apiVersion, kind });
      return decodeObject(schema, decodeProtobuf(schema, raw)).object as DeleteOptions;
    }
    const yaml = type === 'application/yaml';
    const json = yaml ? encodeJson(parseYaml(Buffer.from(body.bytes).toString())) : body.bytes;
    checkKind(typeMetaOf(parseJson(json)));
    const { object, error } = decodeJson(schema, json);
    if (error !== undefined) throw badRequest(error);
    return (object ?? {}) as DeleteOptions;
  } catch (error) {
    if (error instanceof JsonSyntaxError) throw badRequest(NO_KIND + error.message);
    if (error instanceof YamlError || error instanceof ProtoError || error instanceof NotAnObject) {
      throw badRequest(error.message);
    }
    throw error;
  }
}

/** Every group version has these options; nothing else can be made of what says that it is something else. */
function checkKind({ apiVersion = '', kind = '' }: TypeMeta): void {
  if (apiVersion.split('/').length > 2) throw badRequest(`unexpected GroupVersion string: ${apiVersion}`);
  if (kind === '' || kind === 'DeleteOptions') return;
  const version = apiVersion === '' ? META_V1 : apiVersion;
  if (UNVERSIONED.has(kind) || (VERSIONED.has(kind) && version === META_V1)) {
    throw badRequest(`converting (v1.${kind}) to (v1.DeleteOptions): unknown conversion`);
  }
  const named = `no kind ${goQuote(kind)} is registered for version ${goQuote(version)}`;
  throw badRequest(`${named} in scheme ${goQuote(SCHEME)}`);
}
