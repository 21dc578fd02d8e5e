import { defineResource } from '../define-resource.ts';
import type { SelfSubjectAccessReview } from '../gen/authorization-v1.gen.ts';

/** May I do something? The answer is not stored; the API server finds it. */
export const selfSubjectAccessReviews = defineResource<SelfSubjectAccessReview>(
  'authorization.k8s.io/v1',
  'selfsubjectaccessreviews',
  { generation: 'none' },
);
