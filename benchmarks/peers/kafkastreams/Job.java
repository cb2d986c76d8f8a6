import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/** Kafka Streams: two stores in memory with changelogs, one thread. See job.py for the job. */
public final class Job {
    static final Set<String> PHASES = Set.of("opening", "voting", "counting", "tabulation");
    static final Set<String> SEVERITIES = Set.of("unspecified", "low", "medium", "high", "critical");
    static final Set<String> FIELDS = Set.of("report_id", "revision", "region", "station", "observer",
        "observer_group", "phase", "severity", "description", "category", "withdrawn", "commission");
    static final ObjectMapper JSON = new ObjectMapper();
    static final Map<String, Long> TOTALS = new TreeMap<>();
    static final CountDownLatch DONE = new CountDownLatch(1);
    static long records, warm, until, beganAt, endedAt, beganCpu, endedCpu, first;

    static long cpu() {
        var os = (com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        return os.getProcessCpuTime();
    }

    static String text(JsonNode node, String name, int most) {
        JsonNode value = node.get(name);
        if (value == null || !value.isTextual() || value.textValue().isEmpty()
            || value.textValue().length() > most) {
            throw new IllegalArgumentException(name);
        }
        return value.textValue();
    }

    /** id, cell; an event that breaks a rule throws. */
    static String[] validated(byte[] raw) throws Exception {
        JsonNode event = JSON.readTree(raw);
        if (!"1.0".equals(text(event, "specversion", 8))) throw new IllegalArgumentException("specversion");
        text(event, "source", 256);
        text(event, "type", 256);
        text(event, "election", 64);
        OffsetDateTime time = OffsetDateTime.parse(text(event, "time", 64)).withOffsetSameInstant(ZoneOffset.UTC);
        JsonNode data = event.get("data");
        for (var names = data.fieldNames(); names.hasNext();) {
            if (!FIELDS.contains(names.next())) throw new IllegalArgumentException("unknown field");
        }
        text(data, "report_id", 256);
        text(data, "observer_group", 64);
        if (!data.get("revision").isIntegralNumber() || data.get("revision").longValue() < 0) throw new IllegalArgumentException("revision");
        if (!PHASES.contains(text(data, "phase", 64))) throw new IllegalArgumentException("phase");
        if (!SEVERITIES.contains(text(data, "severity", 64))) throw new IllegalArgumentException("severity");
        text(data, "description", 8000);
        String hour = time.toString().substring(0, 13);
        return new String[] {text(event, "id", 256), text(data, "region", 64) + " " + text(data, "category", 64) + " " + hour};
    }

    static final class Count implements Processor<byte[], byte[], Void, Void> {
        private KeyValueStore<String, byte[]> ids;
        private KeyValueStore<String, Long> cells;

        @Override
        public void init(ProcessorContext<Void, Void> context) {
            ids = context.getStateStore("ids");
            cells = context.getStateStore("cells");
        }

        @Override
        public void process(Record<byte[], byte[]> record) {
            try {
                String[] seen = validated(record.value());
                if (ids.putIfAbsent(seen[0], new byte[0]) == null) {
                    Long before = cells.get(seen[1]);
                    long number = before == null ? 1 : before + 1;
                    cells.put(seen[1], number);
                    TOTALS.put(seen[1], number);
                }
            } catch (Exception error) {
                throw new RuntimeException(error);
            }
            records++;
            if (records == warm) {
                first = records;
                beganAt = System.nanoTime();
                beganCpu = cpu();
            }
            if (records == until) {
                endedAt = System.nanoTime();
                endedCpu = cpu();
                DONE.countDown();
            }
        }
    }

    public static void main(String[] arguments) throws Exception {
        String bootstrap = arguments[0], topic = arguments[1];
        until = Long.parseLong(arguments[2]);
        warm = Long.parseLong(arguments[5]);
        Path folder = Files.createTempDirectory("kafka-streams");
        Properties properties = new Properties();
        properties.put(StreamsConfig.APPLICATION_ID_CONFIG, "streams-" + topic);
        properties.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap);
        properties.put(StreamsConfig.STATE_DIR_CONFIG, folder.toString());
        properties.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 1);
        properties.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, 1);
        properties.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        properties.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 10000);
        StreamsBuilder builder = new StreamsBuilder();
        builder.addStateStore(Stores.keyValueStoreBuilder(Stores.inMemoryKeyValueStore("ids"), Serdes.String(), Serdes.ByteArray()));
        builder.addStateStore(Stores.keyValueStoreBuilder(Stores.inMemoryKeyValueStore("cells"), Serdes.String(), Serdes.Long()));
        builder.stream(topic, Consumed.with(Serdes.ByteArray(), Serdes.ByteArray())).process(Count::new, "ids", "cells");
        KafkaStreams streams = new KafkaStreams(builder.build(), properties);
        streams.setUncaughtExceptionHandler(error -> {
            error.printStackTrace();
            System.exit(1);
            return null;
        });
        streams.start();
        DONE.await();
        List<List<Object>> counts = new ArrayList<>();
        TOTALS.forEach((cell, number) -> {
            List<Object> row = new ArrayList<>(List.of(cell.split(" ")));
            row.add(number);
            counts.add(row);
        });
        long memory = 0;
        for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
            if (line.startsWith("VmHWM:")) memory = Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024;
        }
        JSON.writeValue(Path.of(arguments[4]).toFile(), Map.of("records", endedRecords(), "seconds",
            (endedAt - beganAt) / 1e9, "processor", (endedCpu - beganCpu) / 1e9, "memory", memory, "counts", counts));
        streams.close(java.time.Duration.ofSeconds(5));
    }

    static long endedRecords() {
        return until - first;
    }
}
