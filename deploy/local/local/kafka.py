"""One real Kafka node in KRaft mode, its jars by Maven, as ``make run`` and the tests start it."""

import base64
import fcntl
import hashlib
import shutil
import uuid
from dataclasses import dataclass
from pathlib import Path

from local import ports, processes

#: Where the pinned pom.xml lies; the jars go beside it, in a folder that git ignores.
PROJECT = Path(__file__).resolve().parents[1] / "kafka"

ADMIN = "admin"

_SETTINGS = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller_port}
listeners=CLIENTS://{host}:{port},CONTROLLER://127.0.0.1:{controller_port}{front_listener}
advertised.listeners=CLIENTS://{name}:{port}{front_address}
listener.security.protocol.map=CLIENTS:SASL_PLAINTEXT,CONTROLLER:SASL_PLAINTEXT,FRONT:SASL_PLAINTEXT
inter.broker.listener.name=CLIENTS
controller.listener.names=CONTROLLER
sasl.enabled.mechanisms=SCRAM-SHA-512
sasl.mechanism.inter.broker.protocol=SCRAM-SHA-512
sasl.mechanism.controller.protocol=PLAIN
listener.name.clients.scram-sha-512.sasl.jaas.config=\
org.apache.kafka.common.security.scram.ScramLoginModule required username="{admin}" password="{password}";
listener.name.front.scram-sha-512.sasl.jaas.config=\
org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.controller.sasl.enabled.mechanisms=PLAIN
listener.name.controller.plain.sasl.jaas.config=\
org.apache.kafka.common.security.plain.PlainLoginModule required username="{admin}" password="{password}" \
user_{admin}="{password}";
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:{admin}
allow.everyone.if.no.acl.found=false
auto.create.topics.enable=false
log.dirs={data}
num.partitions=1
default.replication.factor=1
min.insync.replicas=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=8
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=8
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
broker.session.timeout.ms=4000
broker.heartbeat.interval.ms=500
num.network.threads=2
num.io.threads=4
log.cleaner.dedupe.buffer.size=16777216
"""

_JAVA = (
    "java",
    "-Xms128m",
    "-Xmx384m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
)


@dataclass(frozen=True)
class Front:
    """What stands between clients and the node: they are told ``address`` (host:port), and come in at ``listener``."""

    address: str
    listener: int


class Kafka:
    """A single node on ``host``: SASL_PLAINTEXT with SCRAM-SHA-512, closed to whoever has no ACL but the admin.

    ``name`` is what clients are told to find it by, where that is not ``host``.
    """

    def __init__(
        self,
        home: Path,
        *,
        port: int,
        host: str = ports.HOST,
        name: str = "",
        controller_port: int,
        password: str,
        front: Front | None = None,
        starter: processes.Starter = processes.start,
    ) -> None:
        self.home = home
        self.data = home / "kafka"
        self.front = front
        self.port = port
        self.host = host
        self.name = name or host
        self.controller_port = controller_port
        self.password = password
        self._start = starter
        self._child: processes.Child | None = None

    @property
    def bootstrap_servers(self) -> str:
        return f"{self.host}:{self.port}"

    @property
    def child(self) -> processes.Child:
        if self._child is None:
            raise RuntimeError("Kafka has not been started")
        return self._child

    def start(self) -> None:
        """Until the node takes connections; formats the disk first where there is none."""
        self.launch()
        self.wait()

    def launch(self) -> None:
        self._settle()
        if not (self.data / "meta.properties").exists():
            self._format()
        self._child = self._start("kafka", self._java("kafka.Kafka", self._settings_file), home=self.home)

    def wait(self) -> None:
        processes.wait_for(self.child, lambda: ports.answers(self.port, self.host))

    def stop(self) -> None:
        if self._child is not None:
            self._child.stop(patience=30)
            self._child = None

    def kill(self) -> None:
        """As when the machine loses its power; ``start`` brings the node back with its disks."""
        self.child.kill()
        self._child = None

    def wipe(self) -> None:
        """Stop, lose the disks, and start a new cluster (another cluster id) at the same address."""
        self.stop()
        self.forget()
        self.start()

    def forget(self) -> None:
        shutil.rmtree(self.data, ignore_errors=True)

    @property
    def _settings_file(self) -> Path:
        return self.home / "kafka.properties"

    def _settle(self) -> None:
        self.data.mkdir(parents=True, exist_ok=True)
        processes.write(
            self._settings_file,
            _SETTINGS.format(
                host=self.host,
                name=self.name,
                port=self.port,
                controller_port=self.controller_port,
                front_listener=f",FRONT://{self.host}:{self.front.listener}" if self.front else "",
                front_address=f",FRONT://{self.front.address}" if self.front else "",
                admin=ADMIN,
                password=self.password,
                data=self.data,
            ),
        )

    def _format(self) -> None:
        """A disk that was half formatted when its machine died is formatted anew: nothing was on it yet."""
        shutil.rmtree(self.data)
        self.data.mkdir()
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        if cluster.startswith("-"):
            cluster = "A" + cluster[1:]
        # --add-scram takes its secret as an argument, which any user may read: a file of arguments is java's own way
        arguments = self.home / ".format"
        scram = f"SCRAM-SHA-512=[name={ADMIN},password={self.password}]"
        processes.write(
            arguments,
            "\n".join(
                [
                    "kafka.tools.StorageTool",
                    *("format", "--cluster-id", cluster, "--config", f'"{self._settings_file}"', "--add-scram"),
                    f'"{scram}"',
                ]
            ),
        )
        try:
            child = self._start("kafka-format", self._java(f"@{arguments}"), home=self.home)
            if child.popen.wait(120) != 0:
                raise processes.NotStarted(f"Kafka's disk was not formatted: {processes.last_words(child.log)}")
            child.stop()
            # It says by what the password is checked.
            (self.home / "log" / "kafka-format.log").unlink(missing_ok=True)
        finally:
            arguments.unlink(missing_ok=True)

    def _java(self, *arguments: str | Path) -> list[str | Path]:
        return [*_JAVA, "-cp", f"{self._jars()}/*", *arguments]

    def _jars(self) -> Path:
        """The folder of the pinned jars; Maven fills it when pom.xml has changed, once however many ask."""
        folder, stamp = PROJECT / "lib", PROJECT / "lib" / ".of"
        wanted = hashlib.sha256((PROJECT / "pom.xml").read_bytes()).hexdigest()

        def are_there() -> bool:
            return stamp.exists() and stamp.read_text().strip() == wanted

        if are_there():
            return folder
        with (PROJECT / ".lib.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not are_there():
                shutil.rmtree(folder, ignore_errors=True)
                self._fetch_jars(folder)
                processes.write(stamp, wanted, mode=0o644)
        return folder

    def _fetch_jars(self, folder: Path) -> None:
        command = ["mvn", "-q", "-B", "-f", str(PROJECT / "pom.xml"), "dependency:copy-dependencies"]
        try:
            child = self._start("maven", [*command, f"-DoutputDirectory={folder}"], home=self.home)
        except FileNotFoundError:
            raise processes.NotStarted("Maven is missing here: sudo apt-get install maven") from None
        code = child.popen.wait(600)
        child.stop()
        if code != 0:
            raise processes.NotStarted(f"Maven could not fetch Kafka: {processes.last_words(child.log)}")
