export { applyServerSide, type ServerSideApply } from './apply/apply-server-side.ts';
export { EMPTY_FIELDS, fieldSetOfNames, type FieldSet } from './apply/field-set.ts';
export { LAST_APPLIED_ANNOTATION } from './apply/last-applied.ts';
export { fromScaleManagedFields, toScaleManagedFields, type ReplicasPaths } from './apply/scale-managed-fields.ts';
export { ConfigurationError, mergeConfiguration } from './apply/merge-configuration.ts';
export type { ManagedType, ManagedVersions } from './apply/typed-versions.ts';
export { updateManagedFields, type ManagedUpdate } from './apply/update-managed-fields.ts';
export type * from './gen/meta-v1.gen.ts';
export { decodeJson, type DecodedJson } from './decode-json.ts';
export { explainConversion, type ConversionProblems } from './convert-errors.ts';
export { canonicalObject, decodeObject, type DecodeOptions, type DecodeResult } from './decode-object.ts';
export { deepCopy, deepEqual, deepFreeze } from './deep-equal.ts';
export { canonicalDuration, DurationError, durationToMs, formatDuration, parseDuration } from './duration.ts';
export {
  duplicate,
  FieldPath,
  forbidden,
  invalid,
  notFoundValue,
  notSupported,
  required,
  tooLong,
  tooMany,
  typeInvalid,
  type FieldError,
  type FieldErrorType,
} from './field-error.ts';
export {
  escapeFieldValue,
  fieldSelectorOf,
  parseFieldSelector,
  type FieldRequirement,
  type FieldSelector,
} from './field-selector.ts';
export { goJson, goQuote } from './go-text.ts';
export { goValueText } from './go-value-text.ts';
export {
  apiVersionOf,
  groupResourceText,
  parseApiVersion,
  type GroupVersion,
  type GroupVersionKind,
  type ResourceType,
} from './gvk.ts';
export {
  applyJsonPatch,
  decodeJsonPatch,
  JSON_PATCH_OPERATIONS_MAX,
  PatchError,
  type JsonPatchOperation,
} from './json-patch.ts';
export { JsonSyntaxError } from './json-scan.ts';
export {
  everyLabel,
  formatLabelSelector,
  labelSelectorMatcher,
  labelSelectorOf,
  labelSetMatcher,
  noLabel,
  parseLabelSelector,
  requirementMatches,
  SelectorError,
  type LabelMatcher,
  type LabelOperator,
  type LabelRequirement,
  type Labels,
} from './label-selector.ts';
export { applyMergePatch } from './merge-patch.ts';
export {
  DNS1035_LABEL_LENGTH_MAX,
  DNS1123_LABEL_LENGTH_MAX,
  DNS1123_SUBDOMAIN_LENGTH_MAX,
  EMPTY_MESSAGE,
  inclusiveRangeError,
  isCIdentifier,
  isConfigMapKey,
  isDecimalInteger,
  isDNS1035Label,
  isDNS1123Label,
  isDNS1123Subdomain,
  isDNS1123SubdomainCaseless,
  isDNS1123SubdomainWithUnderscore,
  isEnvVarName,
  isGroupId,
  isHttpHeaderName,
  isInRange,
  isLabelKey,
  isLabelValue,
  isLongName,
  isPathSegmentName,
  isPercent,
  isPortName,
  isPortNumber,
  isQualifiedName,
  isRelaxedEnvVarName,
  isUserId,
  isWildcardDNS1123Subdomain,
  LABEL_VALUE_LENGTH_MAX,
  nameIsDNS1035Label,
  nameIsDNSLabel,
  nameIsDNSSubdomain,
  regexError,
} from './name-validation.ts';
export {
  keyText,
  parseKey,
  type KubeObject,
  type NamespacedObjectMeta,
  type New,
  type ObjectKey,
  type ObjectMeta,
  type TemplateMeta,
} from './object-meta.ts';
export {
  canonicalQuantity,
  formatQuantity,
  isZeroQuantity,
  milliQuantityOf,
  parseQuantity,
  quantityAdd,
  quantityCompare,
  QuantityError,
  quantityInt64,
  quantityMultiply,
  quantityOf,
  quantityScaled,
  quantitySub,
  quantityToFloat,
  quantityToMilli,
  quantityToNumber,
  QUANTITY_FORMAT_MESSAGE,
  ZERO_QUANTITY,
  type QuantityFormat,
  type QuantityValue,
} from './quantity.ts';
export type { Draft, Duration, IntOrString, JsonObject, JsonValue, MicroTime, Quantity, Time } from './scalars.ts';
export { decodeProtobuf } from './decode-protobuf.ts';
export { encodeProtobuf } from './encode-protobuf.ts';
export { protobufWatchFrame, unwrapUnknown, wrapUnknown, type ProtobufEnvelope } from './protobuf-envelope.ts';
export {
  PROTO_DEPTH_MAX,
  ProtoError,
  ProtoReader,
  ProtoWriter,
  WIRE_BYTES,
  WIRE_FIXED32,
  WIRE_FIXED64,
  WIRE_VARINT,
} from './proto-wire.ts';
export {
  scalar,
  type Field,
  type ListSchema,
  type MapSchema,
  type Member,
  type ObjectSchema,
  type ScalarFormat,
  type ScalarSchema,
  type Schema,
} from './schema.ts';
export {
  alreadyExists,
  badRequest,
  conflict,
  expired,
  failure,
  forbiddenRequest,
  internalError,
  invalidObject,
  isAlreadyExists,
  isBadRequest,
  isConflict,
  isNotFound,
  methodNotSupported,
  notFound,
  OBJECT_MODIFIED,
  STATUS_CODE,
  StatusError,
  tooManyRequests,
  toStatus,
  unauthorized,
  type StatusDetails,
  type StatusReason,
} from './status-error.ts';
export { encodeJson, formatJson, parseJson, parseJsonStrict, type StrictJson } from './strict-json.ts';
export { carrySentEmpty, wasSentEmpty } from './sent-empty.ts';
export { applyStrategicMergePatch, strategicMerge, type StrategicMergeResult } from './strategic-merge-patch.ts';
export { canonicalMicroTime, canonicalTime, formatSeconds, parseTime, TimeError, ZERO_TIME } from './time.ts';
export { unifiedDiff } from './unified-diff.ts';
export { inWrittenOrder } from './written-order.ts';
export { formatYaml } from './format-yaml.ts';
export { wrapIntegers } from './wrap-integers.ts';
export { parseYaml, parseYamlDocuments, YamlError, type YamlOptions } from './yaml.ts';
