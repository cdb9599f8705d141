ALTER TABLE `content` ADD `sent_uptime_ms` integer;
ALTER TABLE `content` ADD `sent_boot` text;
ALTER TABLE `destination` ADD `refuses_duplicates_until_ms` integer;
