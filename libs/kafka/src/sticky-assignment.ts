/** A member of a consumer group and what it says it owned. */
export interface GroupMember {
  readonly id: string;
  /** The generation in which it owned that; of two that claim one partition the higher is right. */
  readonly generation: number;
  readonly owned: PartitionsByTopic;
}

export type PartitionsByTopic = Readonly<Record<string, readonly number[]>>;

/**
 * Deals the partitions of each topic evenly (two members differ by one at most) and leaves with a member what it has where
 * that is even: what moves is read again by its new owner, and with it moves the ownership of endpoints. The partitions left
 * over by the division of each topic are dealt evenly too, so that topics of one partition do not all end with one member.
 */
export function assignStickily(
  members: readonly GroupMember[],
  partitionsOf: PartitionsByTopic,
): ReadonlyMap<string, PartitionsByTopic> {
  const ids = members.map(({ id }) => id).toSorted();
  const shares = new Map<string, Record<string, number[]>>(ids.map((id) => [id, {}]));
  const extras = new Map(ids.map((id) => [id, 0]));
  const extrasMax = Math.ceil(sum(Object.values(partitionsOf).map((all) => all.length % ids.length)) / ids.length);
  for (const [topic, partitions] of Object.entries(partitionsOf)) {
    const dealt = dealTopic({ ids, partitions, owners: ownersOf(members, topic), extras, extrasMax });
    for (const [id, own] of dealt) if (own.length > 0) (shares.get(id) ?? {})[topic] = own.toSorted((a, b) => a - b);
  }
  return shares;
}

interface TopicDeal {
  readonly ids: readonly string[];
  readonly partitions: readonly number[];
  readonly owners: ReadonlyMap<number, string>;
  /** How many partitions above the even share each member has so far, over all topics. */
  readonly extras: Map<string, number>;
  readonly extrasMax: number;
}

function dealTopic(deal: TopicDeal): ReadonlyMap<string, number[]> {
  const { ids, partitions, owners, extras, extrasMax } = deal;
  const even = Math.floor(partitions.length / ids.length);
  const own = new Map<string, number[]>(ids.map((id) => [id, []]));
  let extrasLeft = partitions.length % ids.length;
  const extrasOf = (id: string) => extras.get(id) ?? 0;
  const countOf = (id: string) => own.get(id)?.length ?? 0;
  const give = (id: string, partition: number) => {
    if (countOf(id) >= even) {
      extras.set(id, extrasOf(id) + 1);
      extrasLeft--;
    }
    own.get(id)?.push(partition);
  };
  const isKept = (id: string) =>
    countOf(id) < even || (countOf(id) === even && extrasLeft > 0 && extrasOf(id) < extrasMax);
  const left: number[] = [];
  for (const partition of partitions) {
    const owner = owners.get(partition);
    if (owner !== undefined && isKept(owner)) give(owner, partition);
    else left.push(partition);
  }
  for (const partition of left) {
    const under = ids.filter((id) => countOf(id) < even);
    const open = under.length > 0 ? under : ids.filter((id) => countOf(id) === even);
    const [least] = open.toSorted((a, b) => countOf(a) - countOf(b) || extrasOf(a) - extrasOf(b));
    if (least !== undefined) give(least, partition);
  }
  return own;
}

/** Of two that claim one partition the one of the later generation owns it. */
function ownersOf(members: readonly GroupMember[], topic: string): ReadonlyMap<number, string> {
  const rising = members.toSorted((a, b) => a.generation - b.generation);
  return new Map(rising.flatMap(({ id, owned }) => (owned[topic] ?? []).map((partition) => [partition, id] as const)));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
