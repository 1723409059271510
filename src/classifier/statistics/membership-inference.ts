/** The result of a loss attack on the membership in the training data. */
export interface MembershipInference {
  readonly attack: 'loss';
  /** The number of texts of the training data. */
  readonly members: number;
  /** The number of held-out texts. */
  readonly nonMembers: number;
  /** The probability that a member has a lower loss than a non-member; 0.5 is chance. */
  readonly auc: number;
  /** The share of members that the attack finds with the share of false ones below. */
  readonly truePositives: number;
  /** The highest share of non-members that the attack may take for members. */
  readonly falsePositives: number;
}

/** The share of false positives at which an attack is measured. */
const MAX_FALSE_POSITIVES = 0.001;

/**
 * Measures the loss attack: a text with a low loss is taken for a member (Yeom et al.: Privacy risk in machine learning,
 * 2018). The share of members found at few false positives says more than the mean (Carlini et al.: Membership inference
 * attacks from first principles, 2022). With less than 1,000 non-members no false one is allowed.
 *
 * @param memberLosses the losses of texts of the training data; any order-preserving value of them
 * @param nonMemberLosses the losses of held-out texts from the same source
 * @throws {RangeError} if one of them is empty
 */
export function measureLossAttack(
  memberLosses: readonly number[],
  nonMemberLosses: readonly number[],
): MembershipInference {
  const members = Float64Array.from(memberLosses).sort();
  const nonMembers = Float64Array.from(nonMemberLosses).sort();
  if (members.length === 0 || nonMembers.length === 0) throw new RangeError('there must be members and non-members');
  const allowed = Math.floor(MAX_FALSE_POSITIVES * nonMembers.length);
  // A threshold below this loss lets through at most the allowed number, also if some losses are equal.
  const threshold = nonMembers[allowed]!;
  let found = 0;
  while (found < members.length && members[found]! < threshold) found += 1;
  return {
    attack: 'loss',
    members: members.length,
    nonMembers: nonMembers.length,
    auc: computeAuc(members, nonMembers),
    truePositives: found / members.length,
    falsePositives: MAX_FALSE_POSITIVES,
  };
}

/** Returns the share of pairs in which the member has the lower loss. Equal losses count as half a pair. Both are sorted. */
function computeAuc(members: Float64Array, nonMembers: Float64Array): number {
  let pairs = 0;
  let below = 0;
  let upTo = 0;
  for (const loss of nonMembers) {
    while (below < members.length && members[below]! < loss) below += 1;
    upTo = Math.max(upTo, below);
    while (upTo < members.length && members[upTo]! === loss) upTo += 1;
    pairs += (below + upTo) / 2;
  }
  return pairs / members.length / nonMembers.length;
}
