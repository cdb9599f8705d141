CREATE TABLE `time_saved` (
	`id` integer PRIMARY KEY NOT NULL,
	`at_ms` integer NOT NULL
) STRICT;
