"""The archive of training pictures: features, search index, credits."""
