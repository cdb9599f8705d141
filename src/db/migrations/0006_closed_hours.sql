ALTER TABLE `rollup` ADD `closed` integer DEFAULT 0 NOT NULL;
ALTER TABLE `rollup` ADD `source` integer DEFAULT 0 NOT NULL;
-- Hours were closed all together, up to a moment; from here on each is closed by itself.
UPDATE `rollup` SET `closed` = 1
  WHERE `tier` = 0 AND `start_ms` < (SELECT `closed_before_ms` FROM `node` WHERE `node`.`id` = `rollup`.`node_id`);
ALTER TABLE `node` DROP COLUMN `closed_before_ms`;
