import { defineResource } from '../define-resource.ts';
import type { SelfSubjectAccessReview } from '../gen/authorization-v1.gen.ts';

export const selfSubjectAccessReviews = defineResource<SelfSubjectAccessReview>(
  'authorization.k8s.io/v1',
  'selfsubjectaccessreviews',
);
