module sagemaker-stream-cases

go 1.18
