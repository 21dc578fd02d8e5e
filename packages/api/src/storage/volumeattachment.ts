import {
  FieldPath,
  forbidden,
  invalid,
  nameIsDNSSubdomain,
  required,
  tooLong,
  type FieldError,
} from '@kts/apimachinery';
import { validateVolumeSpec } from '../core/persistentvolume-validation.ts';
import { validateCsiDriverName } from '../core/storage-source-validation.ts';
import { defineResource } from '../define-resource.ts';
import { byteLength, checkImmutable, invalidEach } from '../field-checks.ts';
import type {
  VolumeAttachment,
  VolumeAttachmentSource,
  VolumeAttachmentStatus,
  VolumeError,
} from '../gen/storage-v1.gen.ts';
import { age } from '../human-duration.ts';

const SPEC = FieldPath.of('spec');
const STATUS = FieldPath.of('status');
const METADATA_BYTES_MAX = 256 * 1024;
const MESSAGE_BYTES_MAX = 1024;

/**
 * The wish that a volume be attached to a node.
 *
 * Mirrors: pkg/registry/storage/volumeattachment, pkg/apis/storage/validation (v1.36)
 */
export const volumeAttachments = defineResource<VolumeAttachment>('storage.k8s.io/v1', 'volumeattachments', {
  generation: 'none',
  requireResourceVersionOnUpdate: true,
  prepareForCreate: (draft) => {
    draft.status = { attached: false };
  },
  validate: validateAttachment,
  validateUpdate: (attachment, old) => [
    ...validateAttachment(attachment),
    ...checkImmutable(attachment.spec, old.spec, SPEC, 'storage.v1.VolumeAttachmentSpec'),
  ],
  validateStatusUpdate: validateAttachment,
  cells: ({ metadata, spec, status }, now) => [
    metadata.name,
    spec.attacher,
    spec.source.persistentVolumeName ?? '',
    spec.nodeName,
    status?.attached ?? false,
    age(metadata.creationTimestamp, now),
  ],
});

function validateAttachment({ spec, status }: VolumeAttachment): FieldError[] {
  const { attacher, nodeName, source } = spec;
  const { persistentVolumeName: volume } = source;
  return [
    ...validateCsiDriverName(attacher, SPEC.child('attacher')),
    ...validateSource(source, SPEC.child('source')),
    ...invalidEach(SPEC.child('nodeName'), nodeName, nameIsDNSSubdomain(nodeName, false)),
    ...(status ? validateStatus(status) : []),
    ...(volume === undefined
      ? []
      : invalidEach(SPEC.child('source', 'persistentVolumeName'), volume, nameIsDNSSubdomain(volume, false))),
  ];
}

function validateSource({ inlineVolumeSpec, persistentVolumeName }: VolumeAttachmentSource, path: FieldPath) {
  const text = 'must specify exactly one of inlineVolumeSpec and persistentVolumeName';
  if (inlineVolumeSpec && persistentVolumeName !== undefined) return [forbidden(path, text)];
  if (inlineVolumeSpec)
    return validateVolumeSpec(inlineVolumeSpec, '', path.child('inlineVolumeSpec'), { inline: true });
  if (persistentVolumeName === undefined) return [required(path, text)];
  return persistentVolumeName
    ? []
    : [required(path.child('persistentVolumeName'), 'must specify non empty persistentVolumeName')];
}

function validateStatus({ attachmentMetadata = {}, attachError, detachError }: VolumeAttachmentStatus): FieldError[] {
  const entries = Object.entries(attachmentMetadata);
  const bytes = entries.reduce((sum, [key, value]) => sum + byteLength(key) + byteLength(value), 0);
  return [
    ...(bytes > METADATA_BYTES_MAX ? [tooLong(STATUS.child('attachmentMetadata'), METADATA_BYTES_MAX)] : []),
    ...validateVolumeError(attachError, STATUS.child('attachError')),
    ...validateVolumeError(detachError, STATUS.child('detachError')),
  ];
}

/** The limit that a message exceeds is not the one that upstream names. */
function validateVolumeError(error: VolumeError | undefined, path: FieldPath): FieldError[] {
  const { errorCode = 0, message = '' } = error ?? {};
  return [
    ...(byteLength(message) > MESSAGE_BYTES_MAX ? [tooLong(path.child('message'), METADATA_BYTES_MAX)] : []),
    ...(errorCode < 0
      ? [invalid(path.child('errorCode'), errorCode, 'must be between 0 and 2147483647, inclusive')]
      : []),
  ];
}
