CREATE TABLE `packed_day` (
	`node_id` integer NOT NULL,
	`start_ms` integer NOT NULL,
	`hours` blob NOT NULL,
	PRIMARY KEY(`node_id`, `start_ms`),
	FOREIGN KEY (`node_id`) REFERENCES `node`(`id`) ON UPDATE no action ON DELETE no action
) STRICT;

-- What a day was packed to holds only while its hours stay as they were, whoever changes them.
CREATE TRIGGER `hour_added` AFTER INSERT ON `rollup` WHEN NEW.`tier` = 0 BEGIN
	DELETE FROM `packed_day` WHERE `node_id` = NEW.`node_id` AND `start_ms` <= NEW.`start_ms` AND `start_ms` > NEW.`start_ms` - 86400000;
END;

CREATE TRIGGER `hour_changed` AFTER UPDATE OF `node_id`, `tier`, `start_ms`, `summary` ON `rollup` BEGIN
	DELETE FROM `packed_day` WHERE `node_id` = OLD.`node_id` AND `start_ms` <= OLD.`start_ms` AND `start_ms` > OLD.`start_ms` - 86400000 AND OLD.`tier` = 0;
	DELETE FROM `packed_day` WHERE `node_id` = NEW.`node_id` AND `start_ms` <= NEW.`start_ms` AND `start_ms` > NEW.`start_ms` - 86400000 AND NEW.`tier` = 0;
END;

CREATE TRIGGER `hour_removed` AFTER DELETE ON `rollup` WHEN OLD.`tier` = 0 BEGIN
	DELETE FROM `packed_day` WHERE `node_id` = OLD.`node_id` AND `start_ms` <= OLD.`start_ms` AND `start_ms` > OLD.`start_ms` - 86400000;
END;
