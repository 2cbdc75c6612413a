"""What is written back into the text of a show: values, cues; comments stay."""
