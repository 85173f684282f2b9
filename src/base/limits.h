/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every ceiling on what is read from outside, in one place. A limit that is hit
 * is an ERR_LIMIT whose text names the limit and the value.
 */
#pragma once

#define KIB 1024UL
#define MIB (1024UL * 1024UL)
#define GIB (1024UL * 1024UL * 1024UL)

/* memory */
#define ARENA_LIMIT_DEFAULT (1 * GIB)

/* JSON documents read whole (manifests, configs, profiles, evidence) */
#define JSON_DOCUMENT_MAX (64 * MIB)
#define JSON_DEPTH_MAX	  64
#define XML_DEPTH_MAX	  64
/* one member of a feed that is read member by member */
#define JSON_MEMBER_MAX (16 * MIB)
#define JSON_KEY_MAX	(64 * KIB)
/* values in one member of a feed */
#define JSON_TOKENS_MAX 4000000

/* images */
#define MANIFEST_MAX	     (4 * MIB)
#define CONFIG_MAX	     (8 * MIB)
#define INDEX_DEPTH_MAX	     4
#define INDEX_MANIFESTS_MAX  1024
#define REFERRERS_MAX	     16384 /* of one image and of what refers to it */
#define INDEX_DOCUMENTS_MAX  64	   /* fetched in search of a platform */
#define LAYERS_MAX	     1024
#define IMAGE_LABELS_MAX     10000
#define IMAGE_PORTS_MAX	     65536
#define IMAGE_HISTORY_MAX    10000
#define ARCHIVE_IMAGES_MAX   1024
#define ARCHIVE_MEMBERS_MAX  100000
#define LAYER_COMPRESSED_MAX (16 * GIB)
#define LAYER_INFLATED_MAX   (32 * GIB)
/* inflated : compressed, once more than LAYER_RATIO_GRACE bytes came out */
#define LAYER_RATIO_MAX	  200
#define LAYER_RATIO_GRACE (64 * MIB)
/* of zstd: 128 MiB, as zstd itself takes without being told to */
#define LAYER_WINDOW_LOG_MAX 27
/* the processes that inflate and index a layer: a zstd window, and what else they need */
#define LAYER_READER_MEMORY_MAX (192 * MIB)
/* one that neither takes nor gives a byte for so long is ended */
#define LAYER_SILENCE_MS   120000
#define LAYER_INDEX_MAX	   (4 * GIB)
#define IMAGE_MEMORY_MAX   (4 * GIB)
#define IMAGE_GAPS_MAX	   1000
#define IMAGE_ENTRIES_MAX  4000000
#define IMAGE_PATH_MAX	   4096
#define IMAGE_RAW_PATH_MAX 8192 /* as an archive has it: with "./", ".." and doubled slashes */
#define IMAGE_NAME_MAX	   255
#define IMAGE_DEPTH_MAX	   256
#define IMAGE_XATTR_MAX	   (64 * KIB)
#define IMAGE_XATTRS_MAX   64
#define IMAGE_SPARSE_MAX   65536
#define IMAGE_EXTENTS_MAX  4000000 /* of all sparse files together */
/* path components walked behind symbolic links while layers are merged */
#define IMAGE_LINK_STEPS_MAX 100000000
#define SYMLINK_HOPS_MAX     40

/* layer cache: $MOHS_CACHE_MAX replaces the first */
#define CACHE_BYTES_DEFAULT (20 * GIB)
#define CACHE_LAYERS_MAX    100000

/* a process that reads packages or programs of an image, and what it hands back */
#define ANALYSIS_MEMORY_MAX (2 * GIB)
#define ANALYSIS_TIME_MS    1800000
#define ANALYSIS_RESULT_MAX (1 * GIB)

/* inventory */
#define PACKAGE_DATABASE_MAX   (64 * MIB)
#define PACKAGES_MAX	       100000
#define PACKAGE_FILES_MAX      4000000
#define INVENTORY_GAPS_MAX     1000000
#define OS_RELEASE_MAX	       (64 * KIB)
#define LANGUAGE_RECORD_MAX    (16 * MIB) /* what one package of a language says of itself */
#define LANGUAGE_DEPTH_MAX     64	  /* of a PHP literal */
#define RPM_DATABASE_MAX       (256 * MIB)
#define RPM_HEADER_MAX	       (64 * MIB) /* of one package */
#define RPM_HEADER_ENTRIES_MAX 65536
#define RPM_PAGES_DEPTH_MAX    32 /* of a tree of pages */
#define RPM_DATABASES_MAX      1000
#define RPM_TABLES_MAX	       1000

/* archives of Java: one file, members of one, archives in archives, and what all of an image
 * inflate to */
#define JAR_FILE_MAX	 (1 * GIB)
#define ZIP_MEMBERS_MAX	 2000000
#define JAR_DEPTH_MAX	 8
#define JAR_TEXT_MAX	 (1 * MIB) /* pom.properties, MANIFEST.MF */
#define JAR_ARCHIVES_MAX 200000	   /* inside others, in all of an image */
#define JAR_POMS_MAX	 10000	   /* of one archive */
#define JAR_INSIDE_MAX	 (256 * MIB)
#define JAR_INFLATED_MAX (8 * GIB)

/* programs that say what they are made of */
#define PROGRAM_FILE_MIN     (4 * KIB)	/* smaller ones hold no such thing */
#define GO_BUILD_SCAN_MAX    (64 * MIB) /* of writable data, where no section names the place */
#define GO_BUILD_TEXT_MAX    (4 * MIB)
#define GO_MODULES_MAX	     10000
#define CARGO_AUDIT_MAX	     (8 * MIB)
#define CARGO_PACKAGES_MAX   10000
#define DOTNET_LIBRARIES_MAX 10000
#define DOTNET_ASSETS_MAX    200000

/* bills of materials */
#define SBOM_DOCUMENT_MAX      JSON_DOCUMENT_MAX /* one that is read */
#define SBOM_ITEMS_MAX	       200000
#define SBOM_DEPTH_MAX	       32 /* components inside one another */
#define PURL_MAX	       (8 * KIB)
#define PURL_QUALIFIERS_MAX    64
#define COPYRIGHT_MAX	       (4 * MIB)
#define COPYRIGHT_LICENCES_MAX 1000
#define COPYRIGHT_NAME_MAX     200 /* longer ones are no names */
#define SBOM_GAPS_MAX	       1000000

/* ELF files */
#define ELF_FILE_MAX	 (1 * GIB)
#define ELF_HEADERS_MAX	 65535
#define ELF_SEGMENTS_MAX 1024
#define ELF_NEEDED_MAX	 4096
#define ELF_DYNAMIC_MAX	 65536
#define ELF_SYMBOLS_MAX	 2000000
#define ELF_NAMES_MAX	 100000 /* of shared objects in the text of one file */

/* stand-ins for shared libraries: functions of one, a symbol's name, the whole */
#define ELF_STUB_SYMBOLS_MAX 200000
#define ELF_STUB_NAME_MAX    (16 * KIB)
#define ELF_STUB_MAX	     (64 * MIB)

/* removal plan: the loader's cache, its configuration, a `#!` line, an ELF file read whole */
#define LD_CACHE_MAX	     (16 * MIB)
#define LD_CACHE_ENTRIES_MAX 100000
#define LD_CONF_MAX	     (1 * MIB)
#define LD_CONF_DEPTH_MAX    8
#define LD_DIRECTORIES_MAX   4096
#define SHEBANG_MAX	     256 /* BINPRM_BUF_SIZE of Linux */
#define PLAN_GAPS_MAX	     10000
#define PLAN_CHAIN_MAX	     256
#define HOLLOW_FILE_MAX	     (64 * MIB) /* bigger ones keep their content */
#define WHY_STEPS_MAX	     100000
#define LICENCE_TEXT_MAX     (16 * MIB)

/* removed paths at risk: what is read of kept files, one and all; what is listed */
#define RISKS_FILE_MAX	 (256 * MIB)
#define RISKS_BYTES_MAX	 (1 * GIB)
#define RISKS_MAX	 10000
#define RISKS_STEPS_MAX	 20000000 /* names looked up, and entries seen for them */
#define RISKS_MODULE_MAX 512	  /* longer names of modules are none */
#define RISKS_GAPS_MAX	 1000
#define IMPORTS_MAX	 100000 /* of one source file */

/* advisories */
#define FEED_DOCUMENT_MAX (2 * GIB)
#define ADVISORIES_MAX	  20000000
#define FINDINGS_MAX	  5000000
#define MATCH_GAPS_MAX	  200000
#define MATCH_MEMORY_MAX  (256 * MIB) /* of what a database said, for many inventories */
#define FEED_ID_MAX	  32
#define FEED_NAME_MAX	  128
#define FEED_VERSION_MAX  128
#define FEED_NOTE_MAX	  200
#define FEED_VECTOR_MAX	  256

/* ranges of versions in an ecosystem's own notation */
#define RANGE_TEXT_MAX	    (64 * KIB)
#define RANGE_INTERVALS_MAX 10000 /* of one range of versions */

/* stored bills of materials that are matched again */
#define RESCAN_BILLS_MAX   1000000
#define RESCAN_CHANGES_MAX 20000000
#define RESCAN_STATE_MAX   (4 * GIB)
#define RESCAN_PACKED_MAX  (256 * MIB) /* of one bill, unpacked */
#define RESCAN_DEPTH_MAX   64	       /* folders inside one another */

/* an advisory database that travels: the file itself, what is said of it, where it came from */
#define ADVISORY_DATABASE_MAX (4 * GIB)
#define STATEMENT_MAX	      (1 * MIB)
#define ADVISORY_ORIGIN_MAX   (16 * KIB)
#define STATEMENT_FEEDS_MAX   1024

/* databases of others, as a source of advisories */
#define PUBLISHED_DATABASE_MAX (16 * GIB)
#define PUBLISHED_ABOUT_MAX    (64 * KIB)
#define PUBLISHED_MEMBERS_MAX  10000 /* files of an archive */
#define OTHERS_NAMES_MAX       4000  /* bytes of names of what is not read */
#define OTHERS_ID_MAX	       80
#define OTHERS_CPES_MAX	       1000000
#define OTHERS_SOURCES_MAX     1000 /* that judge one CVE */
#define OTHERS_RATINGS_MAX     (2 * GIB)
#define OTHERS_KEY_MAX	       512 /* a package's name */
#define OTHERS_AFFECTED_MAX    (1 * MIB)
#define BBOLT_DEPTH_MAX	       32	    /* pages above one another in a bucket */
#define BBOLT_STEPS_MAX	       1000000000UL /* elements looked at in one reading */

/* rows on their way to the database: a text but the versions, one row, those of one record */
#define ADVISORY_TEXT_MAX   (4 * KIB)
#define ADVISORY_ROW_MAX    (2 * MIB)
#define ADVISORY_RECORD_MAX (64 * MIB)

/* what the database has of one package in a release, and rows that wait to be written together */
#define ADVISORY_PACK_MAX     (64 * MIB)
#define ADVISORY_RELEASES_MAX (1 * GIB) /* the same of one package in all releases */
#define ADVISORY_BATCH_MAX    (48 * MIB)

/* records of a feed that are remembered from one update to the next: 32 bytes each in memory */
#define FEED_RECORDS_MAX 4000000

/* a process that reads a feed, how many of them, and how long one may be silent */
#define FEED_READER_MEMORY_MAX (256 * MIB)
#define FEED_READERS_MAX       16
#define FEED_SILENCE_MS	       120000

/* documents that are fetched ahead of the one that is read */
#define FEED_AHEAD_MAX 2

/* downloads that were cut and wait for the next update */
#define FEED_PARTS_MAX	    64
#define FEED_PARTS_DAYS_MAX 7

/* feeds that are archives of records */
#define FEED_MEMBERS_MAX  2000000
#define FEED_MEMBER_MAX	  (64 * MIB)
#define FEED_ARCHIVE_MAX  (64 * GIB) /* inflated */
#define FEED_RATIO_MAX	  200	     /* inflated : archive, once more than FEED_RATIO_GRACE */
#define FEED_RATIO_GRACE  (64 * MIB)
#define FEED_PARTIAL_MAX  2000
#define FEED_OSV_ID_MAX	  80
#define FEED_ALIASES_MAX  10000 /* CVEs of one record */
#define FEED_PACKAGE_MAX  512
#define FEED_EVENTS_MAX	  100000    /* of one package in one record */
#define FEED_AFFECTED_MAX (1 * MIB) /* text of them */

/* what is said of findings: VEX documents */
#define VEX_STATEMENTS_MAX 100000
#define VEX_PRODUCTS_MAX   1000000 /* and subcomponents, of one document */
#define VEX_BRANCH_DEPTH   32	   /* of a product tree */

/* profile */
#define PROFILE_PHASES_MAX    1024
#define PROFILE_MISSING_MAX   100000
#define PROFILE_PROCESSES_MAX 4096
#define PROFILE_PATHS_MAX     IMAGE_ENTRIES_MAX
#define PROFILE_CURVE_MAX     1000000
#define PROFILE_WRITTEN_MAX   100000
#define PROFILE_GAPS_MAX      100000
#define DEMANDS_NAMES_MAX     4096 /* system calls, capabilities */
#define DEMANDS_NAME_MAX      64
#define DEMANDS_PORTS_MAX     4096
#define LIMITS_GAPS_MAX	      64
#define LIMITS_VOLUMES_MAX    1000
#define MANIFEST_TEXT_MAX     (1 * MIB)
#define PROFILE_EXTENDED_MAX  100000
#define PROFILE_ROUND_MAX     1000000
#define EXTEND_ROUNDS_MAX     100
#define SUITE_CASES_MAX	      1000000

/* running containers */
#define PASSWD_MAX	   (4 * MIB)
#define PASSWD_GROUPS_MAX  1024
#define CONTAINER_LOG_MAX  (64 * MIB)
#define SESSION_ANSWER_MAX (2 * JSON_DOCUMENT_MAX)

/* looking into containers: what an engine says of one */
#define CONTAINER_STATE_MAX (4 * MIB)

/* configuration */
#define YAML_DOCUMENT_MAX (1 * MIB)
#define YAML_DEPTH_MAX	  16
#define YAML_NODES_MAX	  20000
#define JUNIT_MAX	  (64 * MIB)

/* network */
#define HTTP_HEADERS_MAX    (256 * KIB)
#define HTTP_ERROR_BODY_MAX (64 * KIB)
#define HTTP_CREDENTIAL_MAX 16384
#define CERTIFICATES_MAX    (16 * MIB)
#define TOKEN_MAX	    (1 * MIB)
#define CREDENTIAL_FILE_MAX (1 * MIB)
#define CHALLENGES_MAX	    16

/* signatures and attestations */
#define KEY_FILE_MAX		(64 * KIB)
#define PASSWORD_MAX		4096
#define BUNDLE_MAX		(32 * MIB)
#define BUNDLE_ENTRIES_MAX	64 /* log entries, timestamps, certificates of one bundle */
#define SIGNATURE_MAX		1024
#define ENVELOPE_SIGNATURES_MAX 16
#define SIGNING_PAYLOAD_MAX	(1 * MIB) /* of a signature on an image */
#define STATEMENT_SUBJECTS_MAX	1024
#define STATEMENT_TYPE_MAX	1024
#define CLAIMS_MAX		100000	    /* items of one list in a hardening attestation */
#define SIGNED_DOCUMENTS_MAX	2048	    /* signatures and attestations of one image */
#define SIGNED_BYTES_MAX	(256 * MIB) /* of all of them */
#define KEYS_MAX		64
#define TOKENS_MAX		64 /* PKCS #11 slots of a module; tokens that a URI fits */
#define TOKEN_ATTRIBUTE_MAX	(64 * KIB)
#define TOKEN_TEXT_MAX		256 /* names of tokens or keys in a message */

/* starts: what a probe tells, what a start writes, and how often it is tried */
#define START_RECORDS_MAX   (8 * MIB)
#define START_ITEMS_MAX	    4096 /* arguments, variables, descriptors, processes, groups */
#define START_CHANGES_MAX   1000
#define START_CONTENT_MAX   (64 * KIB)	/* of one file */
#define START_CONTENTS_MAX  (512 * KIB) /* of all */
#define START_GUARDS_MAX    1000
#define START_READ_MAX	    (16 * MIB) /* of one file a script reads */
#define START_RUNS_MAX	    80
#define START_PATIENCE_MS   10000 /* at least so long for a start to come to the program */
#define START_VARIABLES_MAX 512
#define START_WORDS_MAX	    512
#define START_PLAN_MAX	    (1 * MIB) /* src/launcher/tree.h */
#define SCRIPT_MAX	    (1 * MIB)

/* commands run through a shell: what the recorder tells, and what becomes a table */
#define SHELL_RUNS_MAX	  50000	     /* of shells, while profiling */
#define SHELL_LOG_MAX	  (32 * MIB) /* that they are told in */
#define SHELL_INPUT_MAX	  (4 * MIB)  /* what one shell read; src/launcher/recorder.c */
#define SHELLS_MAX	  64	     /* files of an image that are shells */
#define COMMAND_LINE_MAX  (64 * KIB) /* src/launcher/table.h */
#define COMMANDS_MAX	  1000	     /* different ones */
#define COMMAND_TABLE_MAX (1 * MIB)  /* src/launcher/tree.h */
