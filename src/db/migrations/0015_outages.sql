ALTER TABLE `destination` ADD `outage_since_ms` integer;
ALTER TABLE `destination` ADD `outage_reason` text;
ALTER TABLE `destination` ADD `outage_until_ms` integer;
