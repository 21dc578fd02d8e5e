import { defineResource } from '../define-resource.ts';
import type { LocalSubjectAccessReview } from '../gen/authorization-v1.gen.ts';

export const localSubjectAccessReviews = defineResource<LocalSubjectAccessReview>(
  'authorization.k8s.io/v1',
  'localsubjectaccessreviews',
);
