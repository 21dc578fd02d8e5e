import { defineResource } from '../define-resource.ts';
import type { SelfSubjectReview } from '../gen/authentication-v1.gen.ts';

/** Who am I? The answer is not stored; the API server finds it. */
export const selfSubjectReviews = defineResource<SelfSubjectReview>('authentication.k8s.io/v1', 'selfsubjectreviews', {
  generation: 'none',
});
