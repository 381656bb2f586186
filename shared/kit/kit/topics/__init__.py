"""Topics, users and rights come from the registry: laid by one command, again as often as one likes, and compared.

Nothing is ever shrunk or moved silently: keys stay in their partitions, so that a wrong partition count is named with
its remedy and left to a person.
"""

import time
from collections.abc import Mapping

from contracts.topics import TOPICS
from kafka.errors import KafkaError
from kafka.structs import TopicPartition

from kit.topics.cluster import Access, Cluster
from kit.topics.declared import BUREAU, Declared, acls_of, declared
from kit.topics.published import Ends, Published, positions, published_since

__all__ = [
    "BUREAU",
    "Access",
    "Cluster",
    "Ends",
    "Published",
    "Refused",
    "begin_anew",
    "drift",
    "lag",
    "lay",
    "positions",
    "published_since",
]

#: What all of these raise while the cluster does not answer, or refuses.
Refused = KafkaError

Positions = Mapping[TopicPartition, int]


def lay(access: Access, users: Mapping[str, str]) -> list[str]:
    """Make what is missing and put right what differs; a line for each change. ``users``: name → password.

    A service's user is named as the service; a bureau's subscriber as ``bureau-<id>``. Passwords are set each time,
    since no cluster tells whether it has them already.
    """
    with Cluster(access) as cluster:
        there = cluster.topics()
        wanted = declared(cluster.brokers())
        missing = [d for d in wanted if d.topic.name not in there]
        cluster.create_topics({d.topic.name: _creation(d) for d in missing})
        done = [f"topic {d.topic.name}: {d.topic.partitions} partitions" for d in missing]
        for item in wanted:
            if item not in missing and (differing := _differing(cluster, item)):
                cluster.change_settings(item.topic.name, {name: item.settings[name] for name in differing})
                done.append(f"topic {item.topic.name}: {', '.join(sorted(differing))}")
        cluster.set_passwords(users)
        done += [line for user in users for line in _lay_acls(cluster, user)]
        _await(cluster, users)
        return done


def begin_anew(access: Access, users: Mapping[str, str]) -> None:
    """Delete the registry's topics with all that is in them, and lay them again.

    For databases that are older than what Kafka holds. Relays send their log again, since the topics have other ids;
    with a topic the broker forgets where its consumers stood.
    """
    with Cluster(access) as cluster:
        cluster.delete_topics(TOPICS)
    lay(access, users)


def drift(access: Access, users: Mapping[str, str] | None = None) -> list[str]:
    """What differs from the registry, each with its remedy; nothing when all is as declared."""
    with Cluster(access) as cluster:
        found = _topic_drift(cluster)
        known = cluster.users() if users else set()
        for user in users or ():
            if user not in known:
                found.append(f"user {user} is missing: run `baiyang topics lay`")
            wanted, there = set(acls_of(user)), cluster.acls(user)
            if wanted - there:
                found.append(f"user {user} lacks {len(wanted - there)} rights: run `baiyang topics lay`")
            if there - wanted:
                found.append(f"user {user} has {len(there - wanted)} rights too many: run `baiyang topics lay`")
        return found


def lag(access: Access) -> list[tuple[str, str, int]]:
    """(group, topic, records behind) for every group of the registry's, and for who else reads one of its topics.

    A partition in which a group has no position yet is one of which it has taken nothing.
    """
    with Cluster(access) as cluster:
        there = {name: found.partitions for name, found in cluster.topics().items() if name in TOPICS}
        partitions = [TopicPartition(name, number) for name, count in there.items() for number in range(count)]
        ends, beginnings = cluster.ends(partitions), cluster.ends(partitions, beginning=True)
        positions = {group: cluster.positions(group) for group in cluster.groups()}
        return [
            (group, topic, _behind(topic, positions.get(group, {}), beginnings, ends))
            for group, topic in sorted(_readers(positions))
            if topic in there
        ]


def _readers(positions: Mapping[str, Positions]) -> set[tuple[str, str]]:
    own = {(f"{service}-{topic.name}", topic.name) for topic in TOPICS.values() for service in topic.consumers}
    return own | {(group, p.topic) for group, found in positions.items() for p in found if p.topic in TOPICS}


def _behind(topic: str, positions: Positions, beginnings: Positions, ends: Positions) -> int:
    return sum(max(0, end - positions.get(p, beginnings[p])) for p, end in ends.items() if p.topic == topic)


def _await(cluster: Cluster, users: Mapping[str, str], *, patience: float = 60) -> None:
    """Until the broker shows what was laid, so that who starts next is let in."""
    wanted = {user: set(acls_of(user)) for user in users}
    until = time.monotonic() + patience
    while wanted and not cluster.shows(wanted):
        if time.monotonic() > until:
            raise TimeoutError("Kafka does not show the users and rights that were laid: run `baiyang topics drift`")
        time.sleep(0.05)


def _topic_drift(cluster: Cluster) -> list[str]:
    there, found = cluster.topics(), []
    for item in declared(cluster.brokers()):
        name, wanted = item.topic.name, item.topic.partitions
        if name not in there:
            found.append(f"topic {name} is missing: run `baiyang topics lay`")
            continue
        has = there[name].partitions
        if has != wanted:
            found.append(
                f"topic {name} has {has} partitions, not {wanted}: adding or removing some would move keys and break "
                f"their order; stop its consumers when they have caught up, delete the topic and run "
                f"`baiyang topics lay`: the relays send their log again"
            )
        if differing := _differing(cluster, item):
            found.append(f"topic {name} differs in {', '.join(sorted(differing))}: run `baiyang topics lay`")
    return found + [
        f"topic {name} is in no registry: it is nobody's; delete it if it is yours to delete"
        for name in sorted(there)
        if name not in TOPICS and not name.startswith("__")
    ]


def _creation(item: Declared) -> dict[str, object]:
    return {
        "num_partitions": item.topic.partitions,
        "replication_factor": item.replicas,
        "configs": item.settings,
    }


def _differing(cluster: Cluster, item: Declared) -> set[str]:
    has = cluster.settings(item.topic.name)
    return {name for name, value in item.settings.items() if has.get(name) != value}


def _lay_acls(cluster: Cluster, user: str) -> list[str]:
    wanted, there = set(acls_of(user)), cluster.acls(user)
    cluster.allow(wanted - there)
    cluster.forbid(there - wanted)
    changes = [f"{len(wanted - there)} rights given"] if wanted - there else []
    changes += [f"{len(there - wanted)} rights taken away"] if there - wanted else []
    return [f"user {user}: {', '.join(changes)}"] if changes else []
